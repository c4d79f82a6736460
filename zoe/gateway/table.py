"""The routing table: every execution that has a place, its services and their ports, in memory."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from zoe.gateway.paths import Wanted
from zoe.state.routes import ExecutionRoutes, PortRoute, ServiceRoutes

_TO_COME = frozenset({"created", "runnable", "starting"})


@dataclass(frozen=True, slots=True)
class Target:
    """A port of a service that is there.

    `key` names it as long as this service lives and never again: connections that are kept cannot get to another one.
    """

    execution: ExecutionRoutes
    service: ServiceRoutes
    port: PortRoute

    @property
    def key(self) -> str:
        """Return the name under which connections to it are kept."""
        return f"{self.service.id}-{self.service.run}-{self.port.number}"

    @property
    def running(self) -> bool:
        """Tell whether it can be dialled."""
        return self.service.status == "active" and self.service.handle is not None

    @property
    def to_come(self) -> bool:
        """Tell whether it will run, as far as anybody knows."""
        return self.service.status in _TO_COME


class Table:
    """Finds targets by path. Belongs to one event loop; what it gives away does not change."""

    def __init__(self) -> None:
        self._executions: dict[int, ExecutionRoutes] = {}
        self._targets: dict[tuple[int, str, str], Target] = {}
        self._of: dict[int, list[Target]] = {}
        self.gone: list[Callable[[Collection[str]], None]] = []
        """Are told the keys of targets that are gone."""

    def replace(self, found: Mapping[int, ExecutionRoutes], looked: Collection[int] | None) -> None:
        """Take over what was read: of these executions, or of all."""
        before: set[str] = set()
        for execution in list(self._executions) if looked is None else looked:
            self._executions.pop(execution, None)
            for target in self._of.pop(execution, ()):
                del self._targets[execution, target.service.name, target.port.name]
                before.add(target.key)
        for execution, routes in found.items():
            self._executions[execution] = routes
            made = [Target(routes, service, port) for service in routes.services for port in service.ports]
            self._of[execution] = made
            self._targets.update({(execution, one.service.name, one.port.name): one for one in made})
            before.difference_update(one.key for one in made)
        if before:
            for tell in self.gone:
                tell(before)

    def execution(self, number: int) -> ExecutionRoutes | None:
        """Return an execution that has a place."""
        return self._executions.get(number)

    def find(self, wanted: Wanted) -> Target | None:
        """Return what a path names."""
        return self._targets.get((wanted.execution, wanted.service, wanted.port))

    def of(self, execution: int) -> list[Target]:
        """Return all targets of an execution."""
        return self._of.get(execution, [])

    def running(self) -> Iterator[Target]:
        """Yield every target that can be dialled."""
        return (target for target in self._targets.values() if target.running)
