"""What containers use, from the control groups of this machine: an engine's own answer costs it a call for each."""

import time
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_PROCESSES = Path("/proc")
_NANO, _MICRO = 1e9, 1e6


@dataclass(frozen=True, slots=True)
class Sample:
    """Processor time used until `at` (seconds both), and the memory held then (bytes)."""

    at: float
    busy: float
    memory: int


class ControlGroups:
    """Knows where an engine of this machine keeps the groups of its containers, once it has seen one."""

    def __init__(self) -> None:
        self._memory = ""
        self._processor = ""

    @property
    def known(self) -> bool:
        """Tell whether they can be read."""
        return bool(self._processor)

    def learn(self, container: str, pid: int) -> bool:
        """Find out by a container and its first process; False: that process is not of this machine."""
        try:
            told = (_PROCESSES / str(pid) / "cgroup").read_text(encoding="ascii")
        except OSError:
            return False
        for line in told.splitlines():
            _, kinds, path = line.split(":", 2)
            if container in path:
                self._note(kinds, path.replace(container, "{0}"))
        return self.known

    def read(self, container: str) -> Sample | None:
        """Return what a container uses; None: it does not run."""
        try:
            memory, processor = Path(self._memory.format(container)), Path(self._processor.format(container))
            return Sample(time.monotonic(), _processor_time(processor), _held(memory))
        except (OSError, ValueError):
            return None

    def _note(self, kinds: str, path: str) -> None:
        # Version 2 has one group for everything, and names no kinds.
        if not kinds and not (_ROOT / "cgroup.controllers").exists():
            return
        place = f"{_ROOT}/{kinds}{path}" if kinds else f"{_ROOT}{path}"
        if not kinds or "cpuacct" in kinds.split(","):
            self._processor = place
        if not kinds or "memory" in kinds.split(","):
            self._memory = place


def _processor_time(group: Path) -> float:
    one_for_all = group / "cpu.stat"
    if (group / "cpuacct.usage").exists():
        return int((group / "cpuacct.usage").read_text(encoding="ascii")) / _NANO
    return _named(one_for_all, "usage_usec") / _MICRO


def _held(group: Path) -> int:
    """Return the memory without what the kernel may take back at once."""
    older = group / "memory.usage_in_bytes"
    whole = older if older.exists() else group / "memory.current"
    cache = "total_inactive_file" if whole is older else "inactive_file"
    return max(0, int(whole.read_text(encoding="ascii")) - _named(group / "memory.stat", cache))


def _named(path: Path, name: str) -> int:
    for line in path.read_text(encoding="ascii").splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return int(value)
    raise ValueError(f"{path} does not tell {name}")
