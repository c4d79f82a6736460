"""Waiting for what a backend tells of its services, in tests."""

import threading
from collections.abc import Callable, Iterable

from zoe.plugin import Backend, ServiceReport, ServiceState

ENDED = frozenset({ServiceState.DEAD, ServiceState.DESTROYED, ServiceState.OOM_KILLED})


class Changes:
    """Collects what `Backend.watch` tells, and lets a test wait for it."""

    def __init__(self) -> None:
        self.reports: list[ServiceReport] = []
        self._condition = threading.Condition()

    def __call__(self, report: ServiceReport) -> None:
        """Note what the backend tells."""
        with self._condition:
            self.reports.append(report)
            self._condition.notify_all()

    def wait_for(self, service: int, states: Iterable[ServiceState] = ENDED, seconds: float = 20.0) -> ServiceReport:
        """Wait until a service was reported in one of these states, at most so long; AssertionError after that."""
        wanted = frozenset(states)
        return self.wait_until(lambda report: report.who.id == service and report.state in wanted, seconds)

    def wait_until(self, fits: Callable[[ServiceReport], bool], seconds: float = 20.0) -> ServiceReport:
        """Wait for the first report that fits, also if it came already."""
        found: list[ServiceReport] = []

        def there() -> bool:
            found.extend(report for report in self.reports if fits(report))
            return bool(found)

        with self._condition:
            if not self._condition.wait_for(there, seconds):
                raise AssertionError(f"not reported within {seconds:g} s; what was reported: {self.reports}")
        return found[0]


def watched(backend: Backend) -> Changes:
    """Watch a backend from now on."""
    changes = Changes()
    backend.watch(changes)
    return changes
