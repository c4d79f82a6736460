"""Reads a trace's lines: plain or gzip, bounded, every fault with the number of its line."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from zoe.errors import Fault
from zoe.simulation.workload import WorkloadInvalidError

LONGEST_LINE = 10_000
"""In bytes; the lines of the archive's traces have about 100."""
MOST_JOBS = 2_000_000
"""More than four times the largest trace of the Parallel Workloads Archive would be."""
_MOST_LINES = 2 * MOST_JOBS
_MOST_FAULTS = 20
_GZIP = b"\x1f\x8b"


class Faults:
    """The faults of a trace; the reading stops when there are too many."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._faults: list[Fault] = []

    def add(self, line: int, reason: str) -> None:
        """Note what is wrong with a line."""
        self._faults.append(Fault(f"line {line}", reason))
        if len(self._faults) >= _MOST_FAULTS:
            self.check()

    def check(self) -> None:
        """Raise `WorkloadInvalidError` if there are any."""
        if self._faults:
            raise WorkloadInvalidError(self._faults, f"{self._path.name} cannot be simulated.")


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Return the lines with their numbers, without what is white at their ends.

    Raises:
        WorkloadInvalidError: the file cannot be read, is broken gzip, or has lines without an end.

    """
    try:
        with path.open("rb") as file:
            packed = file.read(2) == _GZIP
            file.seek(0)
            yield from _numbered(cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file, path)
    except EOFError as error:
        raise WorkloadInvalidError([], f"{path} is cut off in the middle of its gzip data; fetch it again.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise WorkloadInvalidError([], f"{path} is broken gzip: {error}; fetch it again.") from error
    except OSError as error:
        raise WorkloadInvalidError([], f"{path} cannot be read: {error.strerror or error}.") from error


def _numbered(file: BinaryIO, path: Path) -> Iterator[tuple[int, str]]:
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise _broken(path, number, f"longer than {LONGEST_LINE} bytes; is this a text file?")
        if number > _MOST_LINES:
            raise _broken(path, number, f"more than {_MOST_LINES} lines; cut the trace")
        # Names in comments come in all encodings, and none of them matters.
        yield number, line.decode("utf-8", "replace").strip()


def _broken(path: Path, line: int, reason: str) -> WorkloadInvalidError:
    return WorkloadInvalidError([Fault(f"line {line}", reason)], f"{path.name} cannot be simulated.")


def bounded(text: str, least: float, most: float) -> float:
    """Read a number.

    Raises:
        ValueError: it is none, or out of bounds; the message says so.

    """
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a number") from None
    if not least <= value <= most:
        raise ValueError(f"{text[:40]} is not between {least:g} and {most:g}")
    return value
