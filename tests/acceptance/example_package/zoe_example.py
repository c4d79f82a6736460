"""A third party's plugins: a policy, a backend that runs nothing but says that it does, and a backfill for it."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from zoe.errors import BackendRefusedError
from zoe.plugin import (
    Address,
    Application,
    Backend,
    Backfill,
    BackfillSettings,
    ExecutionChange,
    Handle,
    IdleWork,
    NodeReport,
    PluginSettings,
    Policy,
    Resources,
    ServiceReport,
    ServiceSpec,
    ServiceState,
    Usage,
    hookimpl,
)

log = logging.getLogger(__name__)


class LastFirst(Policy):
    """Serves who came last first."""

    name = "last-first"

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        """Order by the time of submission, backwards."""
        return sorted(applications, key=lambda application: -application.submitted)


class PaperSettings(PluginSettings):
    """What stands under `[plugins.paper]`."""

    cores: float = 4.0


class Paper(Backend):
    """Notes services down instead of running them; one whose command is `end` has ended at once."""

    name = "paper"
    Settings = PaperSettings

    def open(self) -> None:
        self.noted: dict[Handle, ServiceReport] = {}

    def close(self) -> None:
        self.noted.clear()

    def nodes(self) -> Sequence[NodeReport]:
        assert isinstance(self._settings, PaperSettings)
        return [NodeReport("desk", Resources(self._settings.cores, 1 << 40), remarks=["it is made of paper"])]

    def start(self, service: ServiceSpec, node: str) -> ServiceReport:
        if service.command == "tear":
            raise BackendRefusedError("the paper tore")
        handle = Handle(f'"{service.who.id}"')
        ended = service.command == "end"
        state = ServiceState.DEAD if ended else ServiceState.STARTED
        self.noted[handle] = ServiceReport(service.who, handle, state, node, exit_code=0 if ended else None)
        return self.noted[handle]

    def stop(self, handle: Handle, grace: float) -> None:
        if handle in self.noted:
            old = self.noted[handle]
            self.noted[handle] = ServiceReport(old.who, handle, ServiceState.DEAD, old.node, exit_code=143)

    def remove(self, handle: Handle) -> None:
        self.noted.pop(handle, None)

    def services(self) -> Iterable[ServiceReport]:
        return list(self.noted.values())

    def watch(self, changed: Callable[[ServiceReport], None]) -> None:
        """Nothing ever happens to paper by itself."""

    def logs(self, handle: Handle, follow: bool) -> Iterator[bytes]:
        yield f"2026-01-01 00:00:00 noted as {handle}\n".encode()

    def address(self, handle: Handle, port: int) -> Address:
        return Address("127.0.0.1", port)

    def usage(self, handles: Sequence[Handle]) -> Mapping[Handle, Usage]:
        return {handle: Usage(0.0, 0) for handle in handles if handle in self.noted}


class ChalkSettings(PluginSettings):
    """What stands under `[plugins.chalk]`."""

    backfill: BackfillSettings | None = None


class Chalk(Backfill):
    """Draws on whatever nobody writes on."""

    name = "chalk"
    Settings = ChalkSettings

    def work(self) -> IdleWork | None:
        return DRAWING


DRAWING = IdleWork(
    "drawing",
    {
        "name": "drawing",
        "version": 3,
        "will_end": True,
        "services": [
            {
                "name": "drawing",
                "image": "chalk:1",
                "command": "sleep 3600",
                "monitor": True,
                "total_count": 1,
                "essential_count": 1,
                "startup_order": 0,
                "resources": {"memory": {"min": 1 << 20, "max": None}, "cores": {"min": 1, "max": None}},
            }
        ],
    },
)


@hookimpl
def zoe_backfill() -> type[Backfill]:
    return Chalk


@hookimpl
def zoe_policy() -> type[Policy]:
    return LastFirst


@hookimpl
def zoe_backend() -> type[Backend]:
    return Paper


@hookimpl
def zoe_execution_changed(change: ExecutionChange) -> None:
    log.info("heard: %d %s -> %s", change.execution_id, change.before, change.after)
