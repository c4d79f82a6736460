"""What wakes the one thread that decides: the client's words, a signal, the passing of time."""

import signal
import time
from contextlib import suppress
from queue import Empty, SimpleQueue

from zapp_boinc.task.verdict import STOPPED, Verdict


class Bell:
    """Rung by threads and by signal handlers: a SimpleQueue is what both may put into at any moment."""

    def __init__(self) -> None:
        self._rings: SimpleQueue[None] = SimpleQueue()
        self.stopped_at: float | None = None
        """When we were told to stop, by the monotonic clock."""
        self.urgent = False
        """Whether a stop ends the run in the midst of what it does: where there is nothing yet to be cleared away."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)

    def ring(self) -> None:
        """Wake who waits."""
        self._rings.put(None)

    def wait(self, seconds: float) -> None:
        """Wait for a ring, at most so long.

        Raises:
            Verdict: we are to stop.

        """
        with suppress(Empty):
            self._rings.get(timeout=max(0.0, seconds))
        self.check()

    def check(self) -> None:
        """Raise the verdict `stopped` if we are to stop."""
        if self.stopped_at is not None:
            raise Verdict(STOPPED, "Stopped before the task was done.")

    def _stop(self, *_: object) -> None:
        self.stopped_at = self.stopped_at or time.monotonic()
        self.ring()
        if self.urgent:
            self.urgent = False
            self.check()
