"""The log of a service: each line with its time in front, up to a limit, whatever the disk says."""

import os
import time
from contextlib import suppress
from pathlib import Path

LONGEST_LINE = 64 * 1024
"""Bytes; a longer line is split, so that whoever reads lines never needs more room than this."""


class Log:
    """Appends what a service prints. Nothing here raises or waits: a service never suffers for its log."""

    def __init__(self, path: Path, limit: int) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._limit = limit
        self._lost = 0
        self.size = os.fstat(self._file).st_size
        self._cut = self.size >= limit
        # A keeper before us may have been killed within a line.
        self._open_line = 0
        self._write(self._line_end(), 0)

    def append(self, printed: bytes) -> None:
        """Write what a service printed, at most `LONGEST_LINE` bytes at a time."""
        if self._cut or not printed:
            return
        text = self._timed(printed)
        if self._lost:
            text = self._line_end() + _marked(f"{self._lost} bytes are missing here: they could not be written") + text
        if self.size + len(text) > self._limit:
            text = self._last(text)
        self._write(text, len(printed))

    def end_line(self) -> None:
        """End the last line, if the service did not."""
        if self._open_line:
            self._open_line = 0
            self._write(b"\n", 0)

    def close(self) -> None:
        """Let go of the file."""
        self.end_line()
        os.close(self._file)

    def _timed(self, printed: bytes) -> bytes:
        """Put the time before each line that begins here; end the open line first if it would get too long."""
        now = _now()
        first_end = printed.find(b"\n")
        goes_on = len(printed) if first_end < 0 else first_end
        broken = self._open_line and self._open_line + goes_on > LONGEST_LINE
        before = b"\n" + now if broken else b"" if self._open_line else now
        self._open_line = len(printed) - 1 - printed.rfind(b"\n") + (0 if broken or first_end >= 0 else self._open_line)
        if printed.endswith(b"\n"):
            return before + printed[:-1].replace(b"\n", b"\n" + now) + b"\n"
        return before + printed.replace(b"\n", b"\n" + now)

    def _last(self, text: bytes) -> bytes:
        """Return the whole lines of a text for which there is room, and the sentence that ends the log."""
        self._cut, self._open_line = True, 0
        kept = text[: text.rfind(b"\n", 0, max(0, self._limit - self.size)) + 1]
        sentence = f"the log has reached its limit of {self._limit} bytes; what follows is dropped"
        return (kept or self._line_end()) + _marked(sentence)

    def _line_end(self) -> bytes:
        return b"\n" if self.size and os.pread(self._file, 1, self.size - 1) != b"\n" else b""

    def _write(self, text: bytes, printed: int) -> None:
        try:
            written = os.write(self._file, text)
        except OSError:
            written = 0
        if written == len(text):
            self.size += written
            self._lost = 0
            return
        self.size += text.rfind(b"\n", 0, written) + 1
        with suppress(OSError):
            os.ftruncate(self._file, self.size)
        self._lost += printed
        self._open_line = 0


def _marked(sentence: str) -> bytes:
    return _now() + f"--- {sentence} ---\n".encode()


def _now() -> bytes:
    return time.strftime("%Y-%m-%d %H:%M:%S ", time.gmtime()).encode()
