"""Which frames of a WebSocket carry something: pings and pongs are sent by the browser itself, not by a person."""

from collections.abc import Callable

_GREETING = 3.0
"""Seconds. JupyterLab asks each kernel how it is as soon as it is connected, and connects again by itself."""
_DATA = frozenset({0, 1, 2})
_SHORT = {126: 2, 127: 8}


class FrameWatch:
    """Reads the heads of the frames that a browser sends, however they are cut into pieces."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._skip = 0

    def carries(self, piece: bytes) -> bool:
        """Tell whether a frame with data begins in this piece, or goes on."""
        at, found = 0, False
        while at < len(piece):
            if self._skip:
                step = min(self._skip, len(piece) - at)
                self._skip -= step
                at += step
                continue
            self._head.append(piece[at])
            at += 1
            length = self._length()
            if length is not None:
                found = found or self._head[0] & 0x0F in _DATA
                self._skip = length
                self._head.clear()
        return found

    def _length(self) -> int | None:
        """Return how many bytes follow the head, the mask included; None while it is not complete."""
        head = self._head
        if len(head) < 2:
            return None
        short, mask = head[1] & 0x7F, 4 if head[1] & 0x80 else 0
        more = _SHORT.get(short, 0)
        if len(head) < 2 + more:
            return None
        return mask + (int.from_bytes(head[2:], "big") if more else short)


class Talk:
    """Tells what people say over a WebSocket from what their page says by itself, because it has just connected."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._from = clock, clock() + _GREETING
        self._watch = FrameWatch()

    def is_work(self, piece: bytes) -> bool:
        """Tell whether somebody works, as far as this piece tells; it has to be shown every piece."""
        return self._watch.carries(piece) and self._clock() >= self._from
