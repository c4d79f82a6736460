"""Ending all that runs of a service: politely, after a grace by force, until nothing is left."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress

from .loop import Loop, Step, Timer
from .proc import Stat

_AGAIN = 0.02  # seconds; only where no event tells: a process of another parent that has just been killed


class Ending:
    """Goes on at every event that `look` is called for, and at the end of the grace; blocks nobody meanwhile."""

    def __init__(self, loop: Loop, members: Callable[[], list[Stat]], ended: Step) -> None:
        self._loop = loop
        self._members = members
        self._ended = ended
        self._asked: set[int] = set()
        self._timer: Timer | None = None
        self._watched: int | None = None
        self._by_force = False
        self.done = False

    def begin(self, grace: float) -> None:
        """Ask all to end; in `grace` seconds use force, sooner if an earlier call said so."""
        due = self._loop.after(max(0.0, grace), self._use_force)
        if self._timer is None or due < self._timer:
            self._timer, due = due, self._timer or due
        if due is not self._timer:
            due.cancel()
        self.look()

    def look(self) -> None:
        """See what is left; do the next thing about it."""
        if self.done:
            return
        left = self._members()
        if not left:
            self._finish()
            return
        for process in left:
            self._end(process.pid)
        self._watch(left)

    def _end(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            if self._by_force:
                os.kill(pid, signal.SIGKILL)
            elif pid not in self._asked:
                self._asked.add(pid)
                os.kill(pid, signal.SIGTERM)
                os.kill(pid, signal.SIGCONT)  # one that is stopped hears nothing

    def _use_force(self) -> None:
        self._by_force = True
        self.look()

    def _watch(self, left: list[Stat]) -> None:
        """Come back when one of those left is gone: of our own children alone the kernel tells us by itself."""
        self._unwatch()
        stranger = next((process.pid for process in left if process.parent != os.getpid()), None)
        if stranger is None:
            return
        try:
            self._watched = os.pidfd_open(stranger)
        except ProcessLookupError:
            self._loop.after(0, self.look)
        except OSError:
            self._loop.after(_AGAIN, self.look)
        else:
            self._loop.on_readable(self._watched, self.look)

    def _unwatch(self) -> None:
        if self._watched is not None:
            self._loop.forget(self._watched)
            os.close(self._watched)
            self._watched = None

    def _finish(self) -> None:
        self.done = True
        self._unwatch()
        if self._timer is not None:
            self._timer.cancel()
        self._ended()
