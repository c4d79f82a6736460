"""The contract of a ZApp type: what turns a few parameters into a ZApp, and knows how to watch it."""

import socket
import time
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel

from zoe.plugin import fetching
from zoe.plugin.backend import Address
from zoe.plugin.base import Plugin


@dataclass(frozen=True, slots=True)
class RunningService:
    """A running service of the execution that is watched.

    `dial` tells where a port of it is reached, `connect` opens a connection there within so many seconds.
    """

    name: str
    group: str
    dial: Callable[[int], Address]
    connect: Callable[[Address, float], socket.socket] = field(default=fetching.dial_directly, repr=False)

    def fetch(self, port: int, path: str, timeout: float = 2.0) -> bytes:
        """Return a page of its web interface (GET, status 200, at most 4 MiB), within `timeout` seconds in all.

        Raises:
            OSError: there is no such page, or none in time; TimeoutError and ConnectionError are among them.

        """
        deadline = time.monotonic() + timeout
        address = self.dial(port)
        with self.connect(address, timeout) as connection:
            return fetching.get(connection, address, path, deadline)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an execution is: a sentence, and the fraction done (0..1) where it is known."""

    text: str
    fraction: float | None = None


@dataclass(frozen=True, slots=True)
class IdleTimes:
    """After how many idle minutes elastic services go back, and the execution ends. 0: never; None: nothing is said."""

    elastic_minutes: float | None = None
    end_minutes: float | None = None


class ZAppType(Plugin):
    """Turns parameters into a ZApp. `Parameters` is a pydantic model; its JSON Schema makes the forms and the help."""

    Parameters: ClassVar[type[BaseModel]]
    opportunistic: ClassVar[bool] = False
    """Whether its executions run on leftovers alone, unless whoever submits one says otherwise."""
    idle: ClassVar[IdleTimes] = IdleTimes()
    """The idle times of its executions, unless the configuration says otherwise of this ZApp type."""

    @abstractmethod
    def zapp(self, parameters: BaseModel) -> dict[str, object]:
        """Return a ZApp document in format 3. Pure; called from API threads."""

    def when_opportunistic(self, parameters: BaseModel) -> BaseModel:
        """Return the parameters of an execution that may have to make room: to keep its work until it goes on, say.

        Called from API threads before `zapp`; pure.
        """
        return parameters

    def make_room(self, services: Sequence[RunningService]) -> None:
        """Tell an execution that it is about to be stopped, and goes on later from the queue.

        Called from a pool thread before the services are stopped; may do I/O, with a time-out of a second at most, as
        somebody waits for the room. What it raises is logged and goes no further.
        """

    def clear_away(self, execution: int, workspace: Path) -> None:
        """Clear away what an execution of this type may have left in its owner's workspace: it is over for good.

        Called from a pool thread after each end, also where it was stopped while it waited to go on; may do I/O. What
        it raises is logged, and it is called again later: so it is after a crash of Zoe, and it must not mind that
        nothing is there. A workspace belongs to its owner: do not follow links in it.
        """

    def progress(self, services: Sequence[RunningService]) -> Progress | None:  # noqa: ARG002 - for overriding
        """Look how far a running execution is; None where nobody knows (yet).

        Called from a pool thread every second or two while the execution runs; may do I/O, with short time-outs.
        What it raises is logged and counts as None.
        """
        return None

    def busy(self, services: Sequence[RunningService]) -> str | None:  # noqa: ARG002 - for overriding
        """Tell in a few words what a running execution works on ("a kernel of notebook1"); None if it is idle.

        Called from a pool thread now and then, where the execution may be ended for being idle; may do I/O, with short
        time-outs. What it raises means that nobody knows, and counts as busy. Not overridden, it gives no signal.
        """
        return None

    def ending(self, exit_code: int) -> str | None:  # noqa: ARG002 - for overriding
        """Tell in a person's words what this exit code of a core service means; None where it is nothing special."""
        return None
