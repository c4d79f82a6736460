"""What services use now, read from /proc in one pass."""

import os
import time
from collections import defaultdict
from collections.abc import Mapping

from backend_process.keeper.proc import Stat, all_stats
from zoe.plugin import Usage

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class UsageMeter:
    """Remembers the processor time of the last reading: a rate needs two."""

    def __init__(self) -> None:
        self._before: dict[int, tuple[float, float]] = {}

    def read(self, pids: Mapping[int, int]) -> dict[int, Usage]:
        """Tell the use of services, given their processes (service -> pid); the cores are those since the last call."""
        now, found = time.monotonic(), _by_service(pids)
        usage = {}
        for service, processes in found.items():
            seconds = sum(process.cpu for process in processes) / _TICKS
            then, before = self._before.get(service, (now, seconds))
            cores = max(0.0, seconds - before) / (now - then) if now > then else 0.0
            self._before[service] = (now, seconds)
            usage[service] = Usage(cores, sum(process.memory for process in processes) * _PAGE, seconds)
        self._before = {service: value for service, value in self._before.items() if service in found}
        return usage


def _by_service(pids: Mapping[int, int]) -> dict[int, list[Stat]]:
    """Put each process to the service whose session it is in, or that it descends from."""
    stats = {process.pid: process for process in all_stats()}
    services = {pid: service for service, pid in pids.items() if pid in stats}
    found: dict[int, list[Stat]] = defaultdict(list)
    for process in stats.values():
        service = _service_of(process, stats, services)
        if service is not None:
            found[service].append(process)
    return found


def _service_of(process: Stat, stats: Mapping[int, Stat], services: Mapping[int, int]) -> int | None:
    ancestor: Stat | None = process
    while ancestor is not None:
        for pid in (ancestor.pid, ancestor.session):
            if pid in services:
                return services[pid]
        ancestor = stats.get(ancestor.parent)
    return None
