"""The contract of a ZApp type: what turns a few parameters into a ZApp, and knows how to watch it."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel

from zoe.plugin.backend import Address
from zoe.plugin.base import Plugin


@dataclass(frozen=True, slots=True)
class RunningService:
    """A running service of the execution that is watched; `dial` tells where a port of it is reached."""

    name: str
    group: str
    dial: Callable[[int], Address]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an execution is: a sentence, and the fraction done (0..1) where it is known."""

    text: str
    fraction: float | None = None


class ZAppType(Plugin):
    """Turns parameters into a ZApp. `Parameters` is a pydantic model; its JSON Schema makes the forms and the help."""

    Parameters: ClassVar[type[BaseModel]]

    @abstractmethod
    def zapp(self, parameters: BaseModel) -> dict[str, object]:
        """Return a ZApp document in format 3. Pure; called from API threads."""

    def progress(self, services: Sequence[RunningService]) -> Progress | None:  # noqa: ARG002 - for overriding
        """Look how far a running execution is; None where nobody knows (yet).

        Called from a pool thread every second or two while the execution runs; may do I/O, with short time-outs.
        What it raises is logged and counts as None.
        """
        return None
