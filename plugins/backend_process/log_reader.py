"""Reading the log of a service while it grows."""

from collections.abc import Iterator
from pathlib import Path

from backend_process.link import KeeperLink

_PIECE = 256 * 1024  # bytes
_SIGN_OF_LIFE = 5.0  # seconds


def read_log(path: Path) -> Iterator[bytes]:
    """Yield what is in the log now, in pieces of whole lines."""
    yield from _Reader(path).pieces()


def follow_log(path: Path, link: KeeperLink, service: int) -> Iterator[bytes]:
    """Yield the log in pieces of whole lines until the service has ended.

    An empty piece every few seconds of silence lets the caller see whether anybody still listens.
    """
    reader = _Reader(path)
    ended = False
    while not ended:
        yield from reader.pieces()
        answer = link.ask({"do": "log", "id": service, "offset": reader.seen, "seconds": _SIGN_OF_LIFE})
        ended = answer["ended"]
        if not answer["grown"]:
            yield b""
    yield from reader.pieces()


class _Reader:
    """Knows how far it has read (`offset`, whole lines) and how far it has looked (`seen`)."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self.seen = 0

    def pieces(self) -> Iterator[bytes]:
        try:
            file = self._path.open("rb")
        except FileNotFoundError:
            return
        with file:
            file.seek(self._offset)
            while piece := file.read(_PIECE):
                self.seen = self._offset + len(piece)
                whole = piece.rfind(b"\n") + 1
                self._offset += whole
                file.seek(self._offset)
                if not whole:
                    return
                yield piece[:whole]
