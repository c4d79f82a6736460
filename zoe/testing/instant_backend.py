"""A backend without cost: services are entries in a table, and end when a test says so, or by themselves at once."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from zoe.errors import BackendBusyError, BackendRefusedError, BackendUnavailableError
from zoe.plugin import (
    Address,
    Backend,
    Deployment,
    Handle,
    NodeReport,
    NoSettings,
    PluginSettings,
    Resources,
    ServiceReport,
    ServiceSpec,
    ServiceState,
    Usage,
)

MANY = Resources(cores=1000, memory=1 << 42)


class InstantBackend(Backend):
    """Runs nothing, at once. A service whose command is `true` ends well by itself as soon as it has started."""

    name = "instant"

    def __init__(self, settings: PluginSettings | None = None, deployment: Deployment | None = None) -> None:
        super().__init__(settings or NoSettings(), deployment)  # type: ignore[arg-type]
        self.running: dict[Handle, ServiceReport] = {}
        self.specs: dict[int, ServiceSpec] = {}
        self.machines: list[NodeReport] = [NodeReport("node1", MANY)]
        self.started: list[str] = []
        self.reachable = True
        self._lock = threading.Lock()
        self._changed: Callable[[ServiceReport], None] = lambda report: None  # noqa: ARG005 - nobody listens yet

    def open(self) -> None:
        """Be ready."""

    def close(self) -> None:
        """Keep what runs."""

    def nodes(self) -> Sequence[NodeReport]:
        """Tell the machines: `machines` may be changed by a test."""
        self._answer()
        return list(self.machines)

    def start(self, service: ServiceSpec, node: str) -> ServiceReport:
        """Note that it runs."""
        self._answer()
        handle = Handle(str(service.who.id))
        with self._lock:
            if handle in self.running:
                return self.running[handle]
            report = ServiceReport(service.who, handle, ServiceState.STARTED, node, "192.0.2.1")
            self.running[handle], self.specs[service.who.id] = report, service
            self.started.append(f"{service.who.name}-{service.who.execution_id}")
        if service.command == "true":
            self.end(service.who.id, 0)
        return report

    def end(self, service: int, exit_code: int | None, state: ServiceState = ServiceState.DEAD) -> None:
        """Let a service end."""
        with self._lock:
            report = self.running[Handle(str(service))]
            ended = ServiceReport(report.who, report.handle, state, report.node, report.address, exit_code)
            self.running[report.handle] = ended
        self._changed(ended)

    def vanish(self, service: int) -> None:
        """Let a service be gone without a trace."""
        del self.running[Handle(str(service))]

    def stop(self, handle: Handle, grace: float) -> None:  # noqa: ARG002 - it ends at once
        """End it."""
        self._answer()
        report = self.running.get(handle)
        if report is not None and report.state == ServiceState.STARTED:
            self.end(report.who.id, 143)

    def remove(self, handle: Handle) -> None:
        """Forget it."""
        self._answer()
        self.running.pop(handle, None)

    def services(self) -> Iterable[ServiceReport]:
        """Report all."""
        self._answer()
        return list(self.running.values())

    def watch(self, changed: Callable[[ServiceReport], None]) -> None:
        """Tell one listener."""
        self._changed = changed

    def logs(self, handle: Handle, follow: bool) -> Iterator[bytes]:  # noqa: ARG002 - it is whole at once
        """Yield one line."""
        if handle in self.running:
            yield f"2026-01-01 00:00:00 log of {handle}\n".encode()

    def address(self, handle: Handle, port: int) -> Address:  # noqa: ARG002 - all are at one place
        """Return a place where nobody answers."""
        return Address("192.0.2.1", port)

    def usage(self, handles: Sequence[Handle]) -> Mapping[Handle, Usage]:
        """Nothing is used."""
        return {handle: Usage(0.0, 0) for handle in handles if handle in self.running}

    def _answer(self) -> None:
        if not self.reachable:
            raise BackendUnavailableError


class RefusingBackend(InstantBackend):
    """Refuses services whose command is `refuse`."""

    name = "refusing"

    def start(self, service: ServiceSpec, node: str) -> ServiceReport:
        """Start it, unless it is to be refused."""
        if service.command == "refuse":
            raise BackendRefusedError("no such image")
        return super().start(service, node)


class FullBackend(InstantBackend):
    """Has no room for services of the group `crowded` as often as `refusals` says."""

    name = "full"
    refusals = 1

    def start(self, service: ServiceSpec, node: str) -> ServiceReport:
        """Start it, if there is room."""
        if service.group == "crowded" and self.refusals > 0:
            self.refusals -= 1
            raise BackendBusyError
        return super().start(service, node)
