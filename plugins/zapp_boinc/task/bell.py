"""What wakes the one thread that decides: the client's words, a signal, the passing of time."""

import signal
from contextlib import suppress
from queue import Empty, SimpleQueue

from zapp_boinc.task.verdict import STOPPED, Verdict


class Bell:
    """Rung by threads and by signal handlers: a SimpleQueue is what both may put into at any moment."""

    def __init__(self) -> None:
        self._rings: SimpleQueue[None] = SimpleQueue()
        self._stop_wanted = False
        self.urgent = True
        """Whether a stop ends the run in the midst of what it does; false while there is a client to be parted from."""
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
        if self._stop_wanted:
            raise Verdict(STOPPED, "Stopped before the task was done.")

    def _stop(self, *_: object) -> None:
        self._stop_wanted = True
        self.ring()
        if self.urgent:
            self.urgent = False
            self.check()
