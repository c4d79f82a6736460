"""What is known of a service, on disk: it is there before its process is, and outlives the keeper."""

import errno
import json
import os
from dataclasses import dataclass, field, fields
from pathlib import Path


@dataclass(slots=True)
class Record:
    """A service. `pid` identifies a process only together with `start_ticks` (clock ticks after boot) and `boot_id`.

    `state` is one of the words of `zoe.plugin.ServiceState`; `at` is when it began (epoch seconds), None if unknown.
    `swept` tells that nothing runs any more, neither the process nor what it left behind.
    """

    id: int
    execution_id: int
    name: str
    state: str = "created"
    pid: int | None = None
    start_ticks: int | None = None
    boot_id: str | None = None
    at: float | None = None
    exit_code: int | None = None
    reason: str | None = None
    memory_limit: int | None = None
    groups: list[str] = field(default_factory=list)
    swept: bool = False

    @property
    def group_paths(self) -> list[Path]:
        """Return its control groups."""
        return [Path(group) for group in self.groups]

    @property
    def ended(self) -> bool:
        """Tell whether the process of the service has ended."""
        return self.state in {"dead", "oom-killed"}

    def as_json(self) -> dict[str, object]:
        """Return the record as JSON has it, for the disk and for Zoe."""
        return {name: getattr(self, name) for name in _NAMES}

    @classmethod
    def from_json(cls, document: dict[str, object]) -> "Record":
        """Read what `as_json` made; what a newer version added is passed over.

        Raises:
            TypeError: something is missing.

        """
        return cls(**{name: value for name, value in document.items() if name in _NAMES})  # type: ignore[arg-type]


_NAMES = tuple(one.name for one in fields(Record))


def save(record: Record, directory: Path) -> None:
    """Add the present record of a service to the file in its directory.

    Adding a line is one step where replacing a file is three, and the line before stays if this one is cut short.

    Raises:
        OSError: the disk is full, for one.

    """
    line = f"\n{json.dumps(record.as_json())}\n".encode()
    file = os.open(directory / "record", os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        if os.write(file, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(file)


def load(directory: Path) -> Record | None:
    """Read the last whole record of a service.

    None if its start came to nothing, or a power cut took it: in both cases there is no process either.
    """
    try:
        lines = (directory / "record").read_bytes().split(b"\n")
    except OSError:
        return None
    return next((record for line in reversed(lines) if (record := _parsed(line)) is not None), None)


def _parsed(line: bytes) -> Record | None:
    try:
        return Record.from_json(json.loads(line))
    except (ValueError, TypeError, AttributeError):
        return None
