"""From the frames of an engine's log to whole lines with their time."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Protocol

from backend_docker.words import SILENCE, cause
from zoe.errors import BackendUnavailableError

Piece = bytes | BackendUnavailableError | None
"""A line, or how the stream ended."""

_STAMP = 31
"""Bytes of `2026-01-31T23:59:59.123456789Z` and a blank."""
OVERHEAD = 48
"""Bytes that the engine's own file has more than ours for each line."""
_LONGEST_LINE = 1 << 20
_SIGN_OF_LIFE = 5.0  # seconds
_AHEAD = 256  # frames


class Source(Protocol):
    """A stream of (1 stdout or 2 stderr, bytes)."""

    def __iter__(self) -> Iterator[tuple[int, bytes]]: ...

    def close(self) -> None:
        """End the stream, from any thread."""
        ...


class Followed:
    """A stream that is followed to its end, and then what its engine failed to pass on: it may miss the last words."""

    def __init__(self, source: Source, since: Callable[[int], Iterable[tuple[int, bytes]] | None]) -> None:
        self._source = source
        self._since = since
        self._closed = False
        self._last: dict[int, tuple[bytes, int]] = {}

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        for stream, frame in self._source:
            self._note(stream, frame[:_STAMP])
            yield stream, frame
        if not self._closed:
            yield from self._rest()

    def close(self) -> None:
        """End the stream, from any thread."""
        self._closed = True
        self._source.close()

    def _note(self, stream: int, stamp: bytes) -> None:
        before, times = self._last.get(stream, (b"", 0))
        self._last[stream] = (stamp, times + 1 if stamp == before else 1)

    def _rest(self) -> Iterator[tuple[int, bytes]]:
        seen = dict(self._last)
        with suppress(BackendUnavailableError, *SILENCE):
            for stream, frame in self._since(_seconds(min((stamp for stamp, _ in seen.values()), default=b""))) or ():
                last, times = seen.get(stream, (b"", 0))
                if frame[:_STAMP] == last and times:
                    seen[stream] = last, times - 1
                elif frame[:_STAMP] >= last:
                    yield stream, frame


def lines(frames: Iterable[tuple[int, bytes]]) -> Iterator[bytes]:
    """Yield whole lines `YYYY-MM-DD HH:MM:SS text`; the engine splits a long line into frames, each with its time."""
    begun: dict[int, bytearray] = {}
    for stream, frame in frames:
        line = begun.setdefault(stream, bytearray())
        line += frame[_STAMP:] if line else _with_time(frame)
        if line.endswith(b"\n") or len(line) > _LONGEST_LINE:
            yield bytes(line.rstrip(b"\n")) + b"\n"
            line.clear()
    for line in begun.values():
        if line:
            yield bytes(line) + b"\n"


def follow_lines(source: Source) -> Iterator[bytes]:
    """Yield lines until the stream ends; an empty piece every few seconds of silence lets the caller look around."""
    found: queue.Queue[Piece] = queue.Queue(_AHEAD)
    over = threading.Event()
    threading.Thread(target=_pump, args=(source, found, over), name="docker-log", daemon=True).start()
    try:
        yield from _drain(found)
    finally:
        over.set()
        source.close()


def cut_mark(read: int, log_max_bytes: int) -> bytes | None:
    """Return the line that says that a log may not be whole, if so much was read that the engine has begun to cut."""
    if read < log_max_bytes // 2:
        return None
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    kept = f"{log_max_bytes / 2**20:.3g} MiB"
    return f"{now} [Zoe: this log is long: its last {kept} are kept, and its beginning may be cut]\n".encode()


def _pump(source: Source, found: "queue.Queue[Piece]", over: threading.Event) -> None:
    end = None
    try:
        for line in lines(source):
            if not _put(found, line, over):
                return
    except (*SILENCE, ValueError) as error:
        end = BackendUnavailableError(f"the log broke off: {cause(error)}")
    _put(found, end, over)


def _put(found: "queue.Queue[Piece]", line: Piece, over: threading.Event) -> bool:
    while not over.is_set():
        with suppress(queue.Full):
            found.put(line, timeout=1.0)
            return True
    return False


def _drain(found: "queue.Queue[Piece]") -> Iterator[bytes]:
    while True:
        try:
            line = found.get(timeout=_SIGN_OF_LIFE)
        except queue.Empty:
            yield b""
            continue
        if not isinstance(line, bytes):
            if line is not None:
                raise line
            return
        yield line


def _seconds(stamp: bytes) -> int:
    return int(datetime.fromisoformat(stamp[:19].decode() + "+00:00").timestamp()) if stamp else 0


def _with_time(frame: bytes) -> bytes:
    return frame[:10] + b" " + frame[11:19] + b" " + frame[_STAMP:]
