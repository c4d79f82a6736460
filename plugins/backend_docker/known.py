"""What was last heard of each container. An entry stays until Zoe itself removes the service."""

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from zoe.plugin import ServiceReport, ServiceState

ENDED = frozenset({ServiceState.DEAD, ServiceState.OOM_KILLED, ServiceState.DESTROYED})
_VANISHED = "was removed from its engine by somebody other than Zoe"


@dataclass(frozen=True, slots=True)
class Entry:
    """One container: whose it is, and what was last heard of it."""

    owner: str
    report: ServiceReport


class Known:
    """Used by many threads. What has ended does not come back to life: an older answer may arrive later."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._removed: deque[str] = deque(maxlen=4096)
        self._lock = threading.Lock()

    def all(self) -> list[ServiceReport]:
        """Return what is known of all."""
        with self._lock:
            return [entry.report for entry in self._entries.values()]

    def running(self) -> set[str]:
        """Return the containers that have not ended."""
        with self._lock:
            return {container for container, entry in self._entries.items() if entry.report.state not in ENDED}

    def ended(self) -> set[str]:
        """Return the containers that have ended and were not removed yet."""
        with self._lock:
            return {container for container, entry in self._entries.items() if entry.report.state in ENDED}

    def get(self, container: str) -> Entry | None:
        """Return what is known of a container."""
        with self._lock:
            return self._entries.get(container)

    def put(self, container: str, entry: Entry) -> bool:
        """Take up what was heard; tell whether it is news."""
        with self._lock:
            before = self._entries.get(container)
            if container in self._removed or (before is not None and before.report.state in ENDED):
                return False
            self._entries[container] = entry
            return before is None or before.report.state != entry.report.state

    def is_removed(self, container: str) -> bool:
        """Tell whether Zoe itself removed a container."""
        with self._lock:
            return container in self._removed

    def vanished(self, container: str, at: float | None) -> ServiceReport | None:
        """Take up that a container is gone; return what to tell, if nobody was told of its end yet."""
        with self._lock:
            entry = self._entries.get(container)
            if entry is None or entry.report.state in ENDED:
                return None
            report = replace(entry.report, state=ServiceState.DESTROYED, address=None, reason=_VANISHED, at=at)
            self._entries[container] = replace(entry, report=report)
            return report

    def remove(self, container: str) -> Entry | None:
        """Forget a container for ever."""
        with self._lock:
            self._removed.append(container)
            return self._entries.pop(container, None)

    def unheard(self, before: Iterable[str], listed: Iterable[str]) -> set[str]:
        """Return those that ran before a listing and are not in it."""
        return (set(before) & self.running()) - set(listed)
