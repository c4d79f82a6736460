"""What the Swarm's tasks were at the last look. A Swarm tells no events of tasks: one call asks for all of them."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from docker.errors import APIError

from backend_docker.known import ENDED
from backend_docker.networks import DEPLOYMENT_LABEL
from backend_swarm.managers import Managers
from backend_swarm.tasks import first_task, handle_of, report
from zoe.errors import BackendUnavailableError
from zoe.plugin import Handle, ServiceReport

_QUICKLY = 0.15  # seconds, while somebody waits for a service

Said = dict[str, Any]


class Board:
    """Looks on a thread of its own: often while a service starts or stops, else at leisure, not at all without one."""

    def __init__(
        self, managers: Managers, deployment_id: str, pause: float, tell: Callable[[ServiceReport], None]
    ) -> None:
        self._managers = managers
        self._filter = {"label": f"{DEPLOYMENT_LABEL}={deployment_id}"}
        self._pause = pause
        self._tell = tell
        self._reports: dict[Handle, ServiceReport] = {}
        self._errors: dict[Handle, str] = {}
        self._asked = 0.0
        self._waiting = 0
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="swarm-tasks", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join(5)

    def look(self) -> list[ServiceReport]:
        """Ask for everything, and tell what has ended since the last look."""
        asked = time.monotonic()
        services, tasks, nodes = self._managers.ask(self._ask)
        by_service: dict[str, list[Said]] = {}
        for task in tasks:
            by_service.setdefault(task["ServiceID"], []).append(task)
        firsts = {service["ID"]: first_task(by_service.get(service["ID"], ())) for service in services}
        found = [report(service, firsts[service["ID"]], nodes) for service in services]
        reports = [one for one in found if one is not None]
        errors = {handle_of(service): _error(task) for service, task in firsts.items()}
        for one in self._take_up(asked, reports, errors):
            self._tell(one)
        with self._changed:
            return [self._reports.get(one.handle, one) for one in reports]

    def last(self, handle: Handle) -> ServiceReport | None:
        """Return what was last heard of a service."""
        with self._changed:
            return self._reports.get(handle)

    def error(self, handle: Handle) -> str:
        """Return what the Swarm said is in the way of a service."""
        with self._changed:
            return self._errors.get(handle, "")

    def wait(
        self, handle: Handle, done: Callable[[ServiceReport | None], bool], seconds: float
    ) -> ServiceReport | None:
        """Wait until a service is as wanted, or the time is over; return what was last heard of it."""
        deadline = time.monotonic() + seconds
        with self._changed:
            self._waiting += 1
            self._changed.notify_all()
            try:
                self._changed.wait_for(lambda: done(self._reports.get(handle)), deadline - time.monotonic())
            finally:
                self._waiting -= 1
            return self._reports.get(handle)

    def forget(self, handle: Handle) -> None:
        """Take up that Zoe removed a service."""
        with self._changed:
            self._reports.pop(handle, None)

    def _ask(self, client: Any) -> tuple[list[Said], list[Said], Mapping[str, Said]]:
        nodes = {node["ID"]: node for node in client.nodes()}
        return client.services(filters=self._filter), client.tasks(filters=self._filter), nodes

    def _take_up(
        self, asked: float, reports: Iterable[ServiceReport], errors: dict[Handle, str]
    ) -> list[ServiceReport]:
        with self._changed:
            if asked < self._asked:
                return []  # An answer to an older question.
            self._asked = asked
            before = self._reports
            self._reports = {one.handle: _final(before.get(one.handle), one) for one in reports}
            self._errors = errors
            self._changed.notify_all()
        return [
            one
            for one in self._reports.values()
            if one.state in ENDED and one.handle in before and before[one.handle].state not in ENDED
        ]

    def _run(self) -> None:
        while not self._stopped:
            # The next look may find a manager; until then everything stays as it was.
            with suppress(BackendUnavailableError, APIError):
                self.look()
            with self._changed:
                if self._waiting:
                    self._changed.wait_for(lambda: self._stopped, _QUICKLY)
                else:
                    self._changed.wait_for(lambda: self._stopped or self._waiting > 0, self._pause)


def _final(before: ServiceReport | None, now: ServiceReport) -> ServiceReport:
    # A lost node that comes back still says for a while that it runs what was given up.
    return before if before is not None and before.state in ENDED else now


def _error(task: Mapping[str, Any] | None) -> str:
    status = (task or {}).get("Status") or {}
    return str(status.get("Err") or status.get("Message") or "")
