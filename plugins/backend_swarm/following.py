"""The log of a service by way of a manager, which asks the node."""

import re
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from backend_docker.client import Frames
from backend_docker.words import SILENCE
from zoe.errors import BackendUnavailableError

STAMP = 31
"""Bytes of `2026-01-31T23:59:59.123456789Z` and a blank."""
COMPLAINT = 3
"""The stream in which a manager tells what it could not get."""
_SILENT = re.compile(r"node \S+ (is not available|disconnected unexpectedly)")
_AGAIN, _TRIES = 1.0, 60  # seconds, times: a manager may be on its way back

Open = Callable[[bool, int], Frames | None]
"""Reads the log: whether to follow it, and since when (epoch seconds). None: there is no such service."""


class SwarmLog:
    """A log that is read, or followed until its task has ended: a Swarm's own following goes on for ever.

    Whatever breaks off is read again from where it was: nothing is lost, and nothing is there twice.
    """

    def __init__(self, opening: Open, has_ended: Callable[[], bool], *, is_lost: Callable[[], bool]) -> None:
        self._opening = opening
        self._has_ended = has_ended
        self._is_lost = is_lost
        self._frames: Frames | None = None
        self._closed = threading.Event()
        self._seen: dict[int, tuple[bytes, int]] = {}

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        tries = 0
        while not self._closed.is_set():
            # Asked before: what the service says until its end is in what is read then.
            ended = self._has_ended()
            if self._is_lost():
                # To ask for it may wait for ever.
                yield 2, f"{_now()} [Zoe: the rest of this log was lost with its node]\n".encode()
                return
            try:
                yield from self._read(follow=not ended)
                tries = 0
            except BackendUnavailableError:
                tries += 1
                if ended or tries > _TRIES:
                    raise
            if ended:
                return
            self._closed.wait(_AGAIN if not self._has_ended() else 0)

    def ended(self) -> None:
        """Take up that the task has ended: what is left is read, and that is all."""
        if self._frames is not None:
            self._frames.close()

    def close(self) -> None:
        """End it, from any thread."""
        self._closed.set()
        self.ended()

    def _read(self, *, follow: bool) -> Iterator[tuple[int, bytes]]:
        frames = self._frames = self._opening(follow, self._since())
        if frames is None:
            self._closed.set()
            return
        if self._closed.is_set() or (follow and self._has_ended()):
            frames.close()
        left = dict(self._seen)
        try:
            for stream, frame in frames:
                if stream == COMPLAINT:
                    _take_complaint(frame, follow=follow)
                elif self._is_new(left, stream, frame[:STAMP]):
                    yield stream, frame
        except SILENCE as error:
            if not follow:
                raise BackendUnavailableError(f"the log broke off: {error}") from error

    def _is_new(self, left: dict[int, tuple[bytes, int]], stream: int, stamp: bytes) -> bool:
        """Tell whether a frame comes after all that was seen; of those with the same time so many are known."""
        last, times = left.get(stream, (b"", 0))
        if stamp < last:
            return False
        if stamp == last and times:
            left[stream] = last, times - 1
            return False
        before, counted = self._seen.get(stream, (b"", 0))
        self._seen[stream] = stamp, counted + 1 if stamp == before else 1
        return True

    def _since(self) -> int:
        # A second more: of the two streams one may be late.
        first = min((stamp for stamp, _ in self._seen.values()), default=b"")
        return int(datetime.fromisoformat(first[:19].decode() + "+00:00").timestamp()) - 1 if first else 0


def _take_complaint(frame: bytes, *, follow: bool) -> None:
    silent = _SILENT.search(frame.decode(errors="replace"))
    # A task that Zoe has stopped leaves one that is to run nowhere, which has no log; who follows asks again.
    if silent is not None and not follow:
        raise BackendUnavailableError(f"the log cannot be had from its {silent[0]}")


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
