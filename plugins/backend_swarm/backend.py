"""The backend `swarm`: the contract, one Swarm service for each service."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar

from docker.errors import APIError, NotFound

from backend_docker.client import Client
from backend_docker.container import SERVICE_LABEL, Surroundings
from backend_docker.footing import make_workspace
from backend_docker.known import ENDED
from backend_docker.networks import DEPLOYMENT_LABEL, OWNER_LABEL, NetworkBook
from backend_docker.reports import who_of
from backend_docker.words import said, starting
from backend_swarm.board import Board
from backend_swarm.doors import OverlayDoors
from backend_swarm.ear import Ear
from backend_swarm.logs import Logs
from backend_swarm.lookout import Lookout
from backend_swarm.managers import Managers, in_words
from backend_swarm.nodes import Nodes
from backend_swarm.overlays import Overlays
from backend_swarm.service import described, stopped
from backend_swarm.settings import SwarmSettings
from backend_swarm.starting import patiently, until_it_runs
from backend_swarm.tasks import handle_of, node_report, service_of
from zoe.errors import BackendBusyError, BackendRefusedError, BackendUnavailableError
from zoe.plugin import (
    Address,
    Backend,
    Deployment,
    Handle,
    NodeReport,
    PluginSettings,
    ServiceReport,
    ServiceSpec,
    Usage,
)

_CONFLICT = 409
_BY_FORCE = 30.0


class SwarmBackend(Backend):
    """Runs services on the nodes of a Docker Swarm."""

    name: ClassVar[str] = "swarm"
    Settings: ClassVar[type[PluginSettings]] = SwarmSettings

    def __init__(self, settings: PluginSettings, deployment: Deployment) -> None:
        super().__init__(settings, deployment)
        assert isinstance(settings, SwarmSettings)  # noqa: S101 - the plugin manager validates with `Settings`
        self._set = settings
        self._managers = Managers(settings.managers, settings.timeout)
        self._doors = OverlayDoors(self._managers, deployment, settings)
        self._overlays = Overlays(self._managers, self._doors, internal=settings.network.internal)
        self._networks = NetworkBook(deployment, settings.network)
        self._listeners: list[Callable[[ServiceReport], None]] = []
        self._owners: dict[Handle, tuple[str, int]] = {}
        self._nodes = Nodes(self._managers)
        self._board = Board(self._tell)
        self._lookout = Lookout(self._managers, self._nodes, self._board, deployment.id, settings.look_seconds)
        self._ear = Ear(self._managers, self._board, self._lookout, deployment.id)
        self._logs = Logs(self._managers, self._nodes, self._board, self._lookout, settings.log_max_bytes)
        self._adopted = False

    def open(self) -> None:
        """Begin to listen and to look; a Swarm that does not answer is asked again and again."""
        with suppress(BackendUnavailableError):
            self._adopt()
        self._lookout.start()
        self._ear.start()

    def close(self) -> None:
        """Hang up; the services run on."""
        self._ear.stop()
        self._lookout.stop()
        self._doors.close()
        self._managers.close()

    def nodes(self) -> Sequence[NodeReport]:
        """Tell of every node; one that the administrator drains or pauses gets nothing new."""
        with in_words():
            return [node_report(node) for node in self._nodes.each()]

    def start(self, service: ServiceSpec, node: str) -> ServiceReport:
        """Start a Swarm service, or find it, and wait until it runs."""
        make_workspace(service.workspace, service.owner_uid)
        self._adopt()
        return patiently(lambda: self._give(service, node), self._set.busy_patience)

    def stop(self, handle: Handle, grace: float) -> None:  # noqa: ARG002 - see `stop_grace`
        """End a service's task; its log stays."""
        found = self._inspect(handle)
        if found is None:
            return
        with suppress(APIError):
            # Refused where it was changed meanwhile: what runs after the wait is dealt with by `remove`.
            self._managers.ask(lambda client: _update(client, found, stopped(found["Spec"])))
        self._lookout.known(handle)
        last = self._board.wait(handle, _has_ended, self._set.stop_grace + _BY_FORCE)
        if not _has_ended(last):
            raise BackendUnavailableError("the Swarm has not stopped the service in time")

    def remove(self, handle: Handle) -> None:
        """Remove a service, and its owner's network after the last one."""
        with self._board.removing(handle), in_words(), suppress(NotFound):
            self._managers.ask(lambda client: client.remove_service(service_of(handle)))  # type: ignore[no-untyped-call]
        if handle in self._owners:
            owner, number = self._owners.pop(handle)
            self._networks.leave(self._overlays, owner, number)

    def services(self) -> Iterable[ServiceReport]:
        """Report all services."""
        self._adopt()
        with in_words():
            self._lookout.look_at_all()
            self._clear_networks()
        return self._board.all()

    def watch(self, changed: Callable[[ServiceReport], None]) -> None:
        """Tell one more listener."""
        self._listeners.append(changed)

    def logs(self, handle: Handle, follow: bool) -> Iterator[bytes]:
        """Read the log by way of a manager, which asks the node."""
        return self._logs.read(handle, follow=follow)

    def address(self, handle: Handle, port: int) -> Address:
        """Tell the task's address in its network, and the door into it: only what is in that network reaches it."""
        last = self._lookout.known(handle)
        if last is None or last.address is None:
            raise BackendUnavailableError("the service has no address: it does not run")
        return Address(last.address, port, self._doors.into(self._owner(handle)))

    def usage(self, handles: Sequence[Handle]) -> Mapping[Handle, Usage]:  # noqa: ARG002 - the contract's
        """Nothing: the managers of a Swarm do not know it."""
        return {}

    def _give(self, service: ServiceSpec, node: str) -> ServiceReport:
        handle = None
        try:
            with starting("Swarm"):
                handle = self._create(service, self._node_id(node))
            self._owners[handle] = (service.owner, service.who.id)
            return until_it_runs(self._board, handle, self._set)
        except (BackendRefusedError, BackendBusyError):
            if handle is not None:
                self.remove(handle)
            else:
                self._networks.leave(self._overlays, service.owner, service.who.id)
            raise

    def _owner(self, handle: Handle) -> str:
        if handle in self._owners:
            return self._owners[handle][0]
        found = self._inspect(handle)
        if found is None:
            raise BackendUnavailableError("the service is gone")
        return str(found["Spec"]["Labels"].get(OWNER_LABEL, ""))

    def _tell(self, report: ServiceReport) -> None:
        for listener in self._listeners:
            listener(report)

    def _adopt(self) -> None:
        """Take up once what an earlier Zoe left."""
        if self._adopted:
            return
        wanted = {"label": f"{DEPLOYMENT_LABEL}={self.deployment.id}"}
        members = []
        with in_words():
            services = self._managers.ask(lambda client: client.services(filters=wanted))  # type: ignore[no-untyped-call]
        for service in services:
            labels = service["Spec"]["Labels"]
            who = who_of(labels)
            if who is not None:
                members.append((labels.get(OWNER_LABEL, ""), who.id))
                self._owners[handle_of(service["ID"])] = members[-1]
        networks = list(self._overlays.ours(self.deployment.id))
        self._networks.adopt(networks, members)
        self._clear_networks()
        self._doors.keep_only({network["Id"] for network in networks})
        self._adopted = True

    def _clear_networks(self) -> None:
        """Remove the networks that a crash left, and those that the Swarm would not let go when the last one left."""
        for owner in self._networks.deserted():
            self._networks.leave(self._overlays, owner, -1)

    def _node_id(self, name: str) -> str | None:
        if self._set.placement == "engine":
            return None
        found = self._nodes.id_of(name)
        if found is None:
            raise BackendRefusedError(f"the Swarm has no node '{name}'")
        return found

    def _create(self, service: ServiceSpec, node: str | None) -> Handle:
        network = self._networks.join(self._overlays, service.owner, service.who.id)
        if service.ports:
            self._doors.begin(service.owner, network)
        body = described(service, self._set, Surroundings(self.deployment.id, network, 0.0, ()), node)
        try:
            return handle_of(self._managers.ask(lambda client: client.create_service_from(body)))
        except APIError as error:
            if error.status_code != _CONFLICT and "name conflicts" not in said(error):
                raise
        return self._find(service, body["Labels"])

    def _find(self, service: ServiceSpec, ours: Mapping[str, str]) -> Handle:
        found = self._managers.ask(lambda client: client.inspect_service(service.dns_name))  # type: ignore[no-untyped-call]
        theirs = found["Spec"]["Labels"]
        if any(theirs.get(label) != ours[label] for label in (DEPLOYMENT_LABEL, SERVICE_LABEL)):
            raise BackendRefusedError(f"the name {service.dns_name} is taken by a service that is not this one")
        return handle_of(found["ID"])

    def _inspect(self, handle: Handle) -> dict[str, Any] | None:
        with in_words(), suppress(NotFound):
            found: dict[str, Any] = self._managers.ask(
                lambda client: client.inspect_service(service_of(handle))  # type: ignore[no-untyped-call]
            )
            return found
        return None


def _update(client: Client, found: dict[str, Any], specification: dict[str, Any]) -> None:
    client.update_service_to(found["ID"], found["Version"]["Index"], specification)


def _has_ended(report: ServiceReport | None) -> bool:
    return report is None or report.state in ENDED
