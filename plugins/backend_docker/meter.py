"""What containers use: engines and kernel tell processor time, and cores are the difference between two looks."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from docker.errors import APIError

from backend_docker.client import Client
from backend_docker.control_groups import ControlGroups, Sample
from zoe.plugin import Usage

_NANO = 1e9
_LOOKS = 50
"""An engine elsewhere is asked about so many containers at a time: of the others the last answer counts."""
_AT_A_TIME = 4
_GONE = frozenset({404, 409})


class Meter:
    """Remembers the last look at each container. `here`: the engine is of this machine, as far as its address tells."""

    def __init__(self, *, here: bool) -> None:
        self._groups = ControlGroups()
        self._here = here
        self._last: dict[str, tuple[Sample, Usage]] = {}
        self._lock = threading.Lock()

    def look(self, client: Client, containers: Sequence[str]) -> dict[str, Usage]:
        """Tell what these containers use; one that does not run is left out. Cores are 0 at the first look."""
        if not containers:
            return {}
        if self._here and not self._groups.known:
            self._here = self._learn(client, containers)
        if self._groups.known:
            samples = {container: self._groups.read(container) for container in containers}
        else:
            samples = self._asked(client, containers)
        return {container: self._usage(container, sample) for container, sample in samples.items() if sample}

    def forget(self, container: str) -> None:
        """Forget a container."""
        with self._lock:
            self._last.pop(container, None)

    def _learn(self, client: Client, containers: Sequence[str]) -> bool:
        for container in containers:
            pid = _first_process(client, container)
            if pid:
                return self._groups.learn(container, pid)
        return True

    def _asked(self, client: Client, containers: Sequence[str]) -> dict[str, Sample | None]:
        with self._lock:
            before = {container: self._last[container][0] for container in containers if container in self._last}
        turn = sorted(containers, key=lambda container: before[container].at if container in before else 0.0)[:_LOOKS]
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            found = dict(zip(turn, pool.map(lambda container: _told(client, container), turn), strict=True))
        return {**before, **found}

    def _usage(self, container: str, sample: Sample) -> Usage:
        with self._lock:
            before = self._last.get(container)
            if before is not None and sample.at <= before[0].at:
                return before[1]
            cores = max(0.0, sample.busy - before[0].busy) / (sample.at - before[0].at) if before else 0.0
            usage = Usage(cores, sample.memory, sample.busy)
            self._last[container] = (sample, usage)
            return usage


def _first_process(client: Client, container: str) -> int:
    try:
        return int(client.inspect_container(container)["State"]["Pid"])
    except APIError as error:
        if error.status_code in _GONE:
            return 0
        raise


def _told(client: Client, container: str) -> Sample | None:
    try:
        said: Mapping[str, Any] = client.stats(container, stream=False, one_shot=True)
    except APIError as error:
        if error.status_code in _GONE:
            return None
        raise
    memory, processor = said.get("memory_stats") or {}, said["cpu_stats"]
    if "usage" not in memory:
        return None
    # The clock of the engine: processor time of the whole machine.
    at = processor.get("system_cpu_usage", 0) / _NANO / max(1, processor.get("online_cpus", 1))
    held = max(0, int(memory["usage"]) - _cache(memory.get("stats") or {}))
    return Sample(at, processor["cpu_usage"]["total_usage"] / _NANO, held)


def _cache(stats: Mapping[str, int]) -> int:
    """Return what the kernel may take back at once: control groups of version 1 and 2 name it differently."""
    return int(stats.get("total_inactive_file", stats.get("inactive_file", 0)))
