"""Those who follow a log hold a thread of the server each: only so many, so that the others are answered."""

from collections.abc import Callable, Iterator
from threading import BoundedSemaphore

from zoe.api.errors import TooManyFollowersError


class Seat:
    """A place of a follower; given back once, at the end of the stream or when the client has gone."""

    def __init__(self, give_back: Callable[[], None] | None = None) -> None:
        self._give_back = give_back

    def leave(self) -> None:
        """Give the place back."""
        give_back, self._give_back = self._give_back, None
        if give_back:
            give_back()

    def taken_by(self, lines: Iterator[bytes], gone: Callable[[], bool]) -> "FollowedLog":
        """Return the lines, which give the seat back when they end; `gone` tells whether the reader has left."""
        return FollowedLog(_while_read(lines, gone), self)


def _while_read(lines: Iterator[bytes], gone: Callable[[], bool]) -> Iterator[bytes]:
    # A silent log yields nothing now and then (b""): the moment to see whether anybody still reads.
    for line in lines:
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
        """Return a seat.

        Raises:
            TooManyFollowersError: all are taken.

        """
        if not self._seats.acquire(blocking=False):
            raise TooManyFollowersError
        return Seat(self._seats.release)
