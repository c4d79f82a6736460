"""What all services of a keeper share."""

from dataclasses import dataclass
from pathlib import Path

from .cgroups import Cgroups
from .loop import Loop
from .members import Members


@dataclass(frozen=True, slots=True)
class House:
    """Where services live; `log_limit` in bytes."""

    directory: Path
    loop: Loop
    cgroups: Cgroups
    members: Members
    log_limit: int

    def directory_of(self, service: int) -> Path:
        """Return the directory of a service."""
        return self.directory / "services" / str(service)

    def trash_of(self, service: int) -> Path:
        """Return where the directory of a removed service goes, for Zoe to delete: that may take long."""
        return self.directory / "trash" / str(service)
