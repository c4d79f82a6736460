"""One log that is followed: a thread reads it, once for all who follow; the loop hands out its newest lines."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress

Read = Callable[[int, bool], Iterator[bytes]]
"""Opens the log of a service from its start; True: follow it until the service ends."""
_KEPT = 2_000
"""Lines; whoever is further behind reads the log again from its start."""
_LONGEST = 65_536


def lines(pieces: Iterator[bytes]) -> Iterator[bytes | None]:
    """Yield whole lines, in order; None while the log is silent."""
    rest = b""
    for piece in pieces:
        if not piece:
            yield None
            continue
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
        if len(rest) > _LONGEST:
            yield rest
            rest = b""
    if rest:
        yield rest


class Pump:
    """Reads the log of one service as long as anybody follows. All but the thread belongs to one event loop."""

    def __init__(self, service: int, read: Read) -> None:
        self._service, self._read = service, read
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._lines: deque[bytes] = deque(maxlen=_KEPT)
        self._count, self._told = 0, True
        self._wanted = threading.Event()
        self._more: set[asyncio.Event] = set()
        self.ended = False
        self.failed: Exception | None = None

    def join(self, more: asyncio.Event) -> None:
        """Have `more` set whenever there is more; the first who joins starts the reading."""
        self._more.add(more)
        if not self._wanted.is_set():
            self._wanted.set()
            threading.Thread(target=self._run, name=f"log-{self._service}", daemon=True).start()

    def leave(self, more: asyncio.Event) -> bool:
        """Take a follower off; True if it was the last, and the reading ends."""
        self._more.discard(more)
        if not self._more:
            self._wanted.clear()
        return not self._more

    def since(self, at: int) -> list[bytes] | None:
        """Return the lines after the first `at`; None if they are not kept any more."""
        with self._lock:
            first = self._count - len(self._lines)
            if at < first:
                return None
            self._told = True
            return list(self._lines)[at - first :] if at < self._count else []

    def _run(self) -> None:
        pieces = self._read(self._service, True)  # noqa: FBT003 - follow
        try:
            for line in lines(pieces):
                if not self._wanted.is_set():
                    return
                if line is not None:
                    self._take(line)
        except Exception as error:  # noqa: BLE001 - whatever it is, the followers are told
            self.failed = error
        finally:
            close = getattr(pieces, "close", None)
            if close:
                close()
            self.ended = True
            self._ring()

    def _take(self, line: bytes) -> None:
        with self._lock:
            self._lines.append(line)
            self._count += 1
            ring, self._told = self._told, False
        if ring:
            self._ring()

    def _ring(self) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        for more in self._more:
            more.set()
