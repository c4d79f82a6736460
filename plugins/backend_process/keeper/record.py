"""What is known of a service, on disk: it is there before its process is, and outlives the keeper."""

import json
import os
from dataclasses import asdict, dataclass, fields
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
    swept: bool = False

    @property
    def ended(self) -> bool:
        """Tell whether the process of the service has ended."""
        return self.state in {"dead", "oom-killed"}

    def as_json(self) -> dict[str, object]:
        """Return the record as JSON has it, for the disk and for Zoe."""
        return asdict(self)

    @classmethod
    def from_json(cls, document: dict[str, object]) -> "Record":
        """Read what `as_json` made; what a newer version added is passed over.

        Raises:
            TypeError: something is missing.

        """
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in document.items() if name in known})  # type: ignore[arg-type]


def save(record: Record, directory: Path) -> None:
    """Write the record of a service into its directory: the old one or the new one is there, never half of one.

    Raises:
        OSError: the disk is full, for one.

    """
    draft = directory / "record.new"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor is no path
        json.dump(record.as_json(), file)
    draft.rename(directory / "record")


def load(directory: Path) -> Record | None:
    """Read the record of a service; None if its start was never finished, or a power cut took it: no process either."""
    try:
        return Record.from_json(json.loads((directory / "record").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, AttributeError):
        return None
