"""What containers use: an engine tells processor time, and cores are the difference between two looks."""

import threading
from collections.abc import Mapping
from typing import Any

from backend_docker.client import Client
from zoe.plugin import Usage

_NANO = 1e9


class Meter:
    """Remembers the processor time of each container at the last look."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def look(self, client: Client, container: str) -> Usage | None:
        """Ask for one container; None: it does not run. Cores are 0 at the first look."""
        said = client.stats(container, stream=False, one_shot=True)
        memory = said.get("memory_stats") or {}
        if "usage" not in memory:
            return None
        seconds = float(said["cpu_stats"]["cpu_usage"]["total_usage"]) / _NANO
        resident = max(0, int(memory["usage"]) - _cache(memory.get("stats") or {}))
        return Usage(self._cores(container, seconds, said), resident, seconds)

    def forget(self, container: str) -> None:
        """Forget a container."""
        with self._lock:
            self._last.pop(container, None)

    def _cores(self, container: str, busy: float, said: Mapping[str, Any]) -> float:
        now = (
            float(said["cpu_stats"].get("system_cpu_usage", 0))
            / _NANO
            / max(1, said["cpu_stats"].get("online_cpus", 1))
        )
        with self._lock:
            before = self._last.get(container)
            self._last[container] = (now, busy)
        if before is None or now <= before[0]:
            return 0.0
        used: float = max(0.0, busy - before[1]) / (now - before[0])
        return used


def _cache(stats: Mapping[str, int]) -> int:
    """Return what the kernel may take back at once: control groups of version 1 and 2 name it differently."""
    return int(stats.get("total_inactive_file", stats.get("inactive_file", 0)))
