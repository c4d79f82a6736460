"""The logs of services that have ended: kept by Zoe, after the backend has forgotten them."""

import re
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

_CHUNK = 1 << 16
_NAME = re.compile(r"(\d+)\.(\d+)\.log")


class LogArchive:
    """One directory per execution, one file per service and run of it (`<service id>.<restart count>.log`)."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    def store(self, execution: int, service: int, run: int, log: Iterable[bytes]) -> None:
        """Keep the whole log of one run of a service. An empty one changes nothing: the backend forgot it already."""
        pieces = filter(None, log)
        first = next(pieces, None)
        if first is None:
            return
        directory = self._directory / str(execution)
        directory.mkdir(exist_ok=True, mode=0o700)
        part = directory / f"{service}.{run}.part"
        try:
            with part.open("wb") as file:
                file.write(first)
                file.writelines(pieces)
        except OSError:
            part.unlink(missing_ok=True)  # a full disk is to have room for the next one
            raise
        part.replace(directory / f"{service}.{run}.log")

    def runs(self, execution: int, service: int) -> list[int]:
        """Return the runs of a service whose logs are kept, first to last."""
        directory = self._directory / str(execution)
        names = [_NAME.fullmatch(path.name) for path in directory.iterdir()] if directory.is_dir() else []
        return sorted(int(match[2]) for match in names if match and int(match[1]) == service)

    def read(self, execution: int, service: int, run: int) -> Iterator[bytes]:
        """Yield the log of one run in pieces; nothing if there is none."""
        try:
            with (self._directory / str(execution) / f"{service}.{run}.log").open("rb") as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
        except FileNotFoundError:
            return

    def forget(self, execution: int) -> None:
        """Remove the logs of an execution."""
        shutil.rmtree(self._directory / str(execution), ignore_errors=True)
