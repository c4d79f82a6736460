"""The ZApp type `boinc`."""

from collections.abc import Sequence
from typing import Annotated, cast

from pydantic import BaseModel, Field

from zapp_boinc import document, endings, progress
from zapp_boinc.parameters import BoincParameters
from zoe.plugin import Deployment, PluginSettings, Progress, RunningService, ZAppType

Seconds = Annotated[int, Field(ge=1, le=86400)]


class BoincSettings(PluginSettings):
    """What a site sets under `[plugins.boinc]`."""

    retry_delay: tuple[Seconds, Seconds] | None = Field(
        None,
        description="Shortest and longest delay before something that failed is tried again, in seconds; "
        "leave it out for projects that are not yours: BOINC's own delays are what they expect.",
    )


class BoincType(ZAppType):
    """One task of a BOINC project: fetched, computed, reported and acknowledged."""

    name = "boinc"
    Parameters = BoincParameters
    Settings = BoincSettings

    def __init__(self, settings: PluginSettings, deployment: Deployment) -> None:
        super().__init__(settings, deployment)
        self._retry_delay = cast(BoincSettings, settings).retry_delay

    def zapp(self, parameters: BaseModel) -> dict[str, object]:
        """Return the ZApp; the account key is no part of it."""
        return document.task(BoincParameters.model_validate(parameters), self._retry_delay)

    def progress(self, services: Sequence[RunningService]) -> Progress | None:
        """Ask the service itself; see `zapp_boinc.progress`."""
        return progress.look(services)

    def ending(self, exit_code: int) -> str | None:
        """Say in a person's words what an exit status of the service means; None where it means nothing special."""
        return endings.SENTENCES.get(exit_code)
