"""A backend without cost that remembers over a `kill -9`: what it ran and what it forgot, is a line in a file each."""

from collections.abc import Iterator
from pathlib import Path

from pydantic import Field

from bench.storm.books import Books
from zoe.plugin import (
    Backend,
    Deployment,
    Handle,
    NodeReport,
    PluginSettings,
    Resources,
    ServiceId,
    ServiceReport,
    ServiceSpec,
    ServiceState,
    hookimpl,
)
from zoe.testing.instant_backend import InstantBackend


class StormSettings(PluginSettings):
    """[plugins.storm]: how many services of one core have room at a time, and where the books are."""

    slots: int = Field(16, ge=1)
    directory: Path = Path()


class StormBackend(InstantBackend):
    """Runs nothing, at once, and writes down what it ran."""

    name = "storm"
    Settings = StormSettings

    def __init__(self, settings: StormSettings, deployment: Deployment) -> None:
        super().__init__(settings, deployment)
        self.machines = [NodeReport("node1", Resources(cores=settings.slots, memory=1 << 42))]
        self._directory = settings.directory

    def open(self) -> None:
        """Find what ran before: it has ended, for nothing here takes any time."""
        self._books = Books(self._directory / "books")
        self._journal = Books(self._directory / "journal")
        for who in _left(self._journal.path):
            handle = Handle(str(who.id))
            self.running[handle] = ServiceReport(who, handle, ServiceState.DEAD, "node1", None, 0)

    def start(self, service: ServiceSpec, node: str) -> ServiceReport:
        """Write down that it runs, then let it end."""
        if Handle(str(service.who.id)) not in self.running:
            self._journal.write(f"+ {service.who.id} {service.who.execution_id} {service.who.name}")
            self._books.write(str(service.who.execution_id))
        return super().start(service, node)

    def remove(self, handle: Handle) -> None:
        """Forget it."""
        super().remove(handle)
        self._journal.write(f"- {handle}")


def _left(journal: Path) -> Iterator[ServiceId]:
    left: dict[str, ServiceId] = {}
    for line in journal.read_text(encoding="ascii").splitlines():
        sign, id_, *more = line.split()
        if sign == "+":
            left[id_] = ServiceId(int(id_), int(more[0]), more[1])
        else:
            left.pop(id_, None)
    yield from left.values()


@hookimpl
def zoe_backend() -> type[Backend]:
    """Offer it."""
    return StormBackend
