"""What a service prints, from its own named pipe into its log."""

import os
from collections.abc import Callable
from pathlib import Path

from .log import LONGEST_LINE, Log
from .loop import Loop

_MOST_AT_ITS_END = 1024**2  # bytes: a pipe holds no more unless its owner enlarged it


class Output:
    """The reading end of the pipe of one service.

    The service holds its end open for reading as well: when the keeper is killed it is not killed by SIGPIPE,
    it waits until the next keeper reads on. That needs a pipe with a name.
    """

    def __init__(self, loop: Loop, directory: Path, log_limit: int, grown: Callable[[], None]) -> None:
        self._loop = loop
        self._pipe = directory / "output"
        self._grown = grown
        self.log = Log(directory / "log", log_limit)
        self._reading: int | None = None

    def make(self, owner: int | None) -> int:
        """Make the pipe; return the end for the service. With an owner it may open `/dev/stdout` again.

        Raises:
            OSError: it cannot be made.

        """
        os.mkfifo(self._pipe, 0o600)
        if owner is not None:
            os.chown(self._pipe, owner, owner)
        self.read()
        return os.open(self._pipe, os.O_RDWR | os.O_CLOEXEC)

    def read(self) -> None:
        """Begin to read, also what was printed while no keeper was there."""
        self._reading = os.open(self._pipe, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._loop.on_readable(self._reading, self._take)

    def drain(self) -> None:
        """Take what is still in the pipe of a process that has ended; others may go on printing into it."""
        taken = 0
        while taken < _MOST_AT_ITS_END and (more := self._read()):
            taken += more
        self.log.end_line()
        self._grown()

    def close(self) -> None:
        """Let go of the pipe and the log."""
        self._stop_reading()
        self.log.close()
        self._pipe.unlink(missing_ok=True)

    def _take(self) -> None:
        self._read()

    def _read(self) -> int:
        if self._reading is None:
            return 0
        try:
            printed = os.read(self._reading, LONGEST_LINE)
        except BlockingIOError:
            return 0
        if not printed:
            self._stop_reading()
            return 0
        self.log.append(printed)
        self._grown()
        return len(printed)

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._loop.forget(self._reading)
            os.close(self._reading)
            self._reading = None
