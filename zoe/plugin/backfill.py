"""The contract of a backfill: what the idle cluster is given to."""

import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator, Field

from zoe.plugin.base import Plugin, PluginSettings

_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


def _checked_hours(text: str) -> str:
    if text != "any" and not _HOURS.fullmatch(text):
        raise ValueError('give hours as "20:00-07:00", or "any"')
    return text


class BackfillSettings(PluginSettings):
    """What stands under `[plugins.<name>.backfill]`; a plugin's own keys are added in a subclass."""

    share: float = Field(
        1.0, gt=0, le=1, allow_inf_nan=False, description="How much of the cluster it may have, 0 to 1."
    )
    hours: Annotated[str, AfterValidator(_checked_hours)] = Field(
        "any", description='When it may run, in the time of the machine that Zoe runs on: "20:00-07:00", or "any".'
    )
    idle_minutes: float = Field(
        5.0, ge=0, le=10_000, allow_inf_nan=False, description="How long room must have been free before it is used."
    )

    def open_at(self, minute: int) -> bool:
        """Tell whether it may run at this minute of the day (0 to 1439)."""
        found = _HOURS.fullmatch(self.hours)
        if found is None:
            return True
        begin, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
        return begin <= minute < end if begin < end else minute >= begin or minute < end


@dataclass(frozen=True, slots=True)
class IdleWork:
    """One opportunistic execution to be: a ZApp document in format 3, and what stands behind `{secret#name}` in it.

    `zapp_type`: the ZApp type that watches it, if any, and the parameters that it was made from, without secrets.
    """

    name: str
    document: Mapping[str, object]
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    zapp_type: str | None = None
    parameters: Mapping[str, object] | None = None


class Backfill(Plugin):
    """Offers opportunistic executions for room that nobody else wants.

    It is in use if its settings have a `backfill` (`[plugins.<name>.backfill]`). When there is room, and when not, is
    Zoe's to know: executions start when nothing waits and the room has been free for a while, and leave at once.
    """

    @property
    def terms(self) -> BackfillSettings | None:
        """When and how much it may run; None: it is not in use."""
        found = getattr(self._settings, "backfill", None)
        return found if isinstance(found, BackfillSettings) else None

    @abstractmethod
    def work(self) -> IdleWork | None:
        """Return what to run in the next free slot; None: nothing for now.

        Called from the master's thread, again and again until what it returns has no room; must be quick, without I/O.
        The same object again is stored most cheaply. What it raises is logged, and it is asked again later.
        """
