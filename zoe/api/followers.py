"""Those who follow a log hold a thread of the server each: only so many, so that the others are answered."""

from collections.abc import Callable, Iterator
from threading import BoundedSemaphore

from zoe.api.errors import TooManyFollowersError

BUFFERED = 1 << 20
"""Bytes of an answer that the server takes at once, however slowly the client reads them: they hold no thread."""


class Seat:
    """A place of a reader; given back once, at the end of the stream or when the client has gone."""

    def __init__(self, seats: BoundedSemaphore) -> None:
        self._seats = seats
        self._taken = False

    def take(self) -> None:
        """Take the place, if that is not done yet.

        Raises:
            TooManyFollowersError: all are taken.

        """
        if not self._taken:
            if not self._seats.acquire(blocking=False):
                raise TooManyFollowersError
            self._taken = True

    def leave(self) -> None:
        """Give the place back."""
        if self._taken:
            self._taken = False
            self._seats.release()

    def taken_by(self, lines: Iterator[bytes], gone: Callable[[], bool]) -> "FollowedLog":
        """Return the lines, which give the seat back when they end; `gone` tells whether the reader has left."""
        return FollowedLog(_while_read(lines, gone, self.take), self)


def _while_read(lines: Iterator[bytes], gone: Callable[[], bool], take: Callable[[], None]) -> Iterator[bytes]:
    given = 0
    for line in lines:
        given += len(line)
        if given > BUFFERED:
            take()
        # A silent log yields nothing now and then (b""): the moment to see whether anybody still reads.
        if line:
            yield line
        elif gone():
            return


class FollowedLog:
    """Lines of a log as a WSGI server reads them; it calls `close` in the end, whatever happens."""

    def __init__(self, lines: Iterator[bytes], seat: Seat) -> None:
        self._lines = lines
        self._seat = seat

    def __iter__(self) -> Iterator[bytes]:
        return self._lines

    def close(self) -> None:
        """Stop reading the log."""
        try:
            close = getattr(self._lines, "close", None)
            if close:
                close()
        finally:
            self._seat.leave()


class Followers:
    """So many seats."""

    def __init__(self, seats: int) -> None:
        self._seats = BoundedSemaphore(seats)

    def seat(self) -> Seat:
        """Return a seat that is taken.

        Raises:
            TooManyFollowersError: all are taken.

        """
        seat = self.later()
        seat.take()
        return seat

    def later(self) -> Seat:
        """Return a seat that is taken only by a log too long for the server's buffers: it too holds a thread."""
        return Seat(self._seats)
