"""One engine: what Zoe asks of it, and what it knows of its containers."""

import math
import time
from collections.abc import Callable, Sequence
from threading import Semaphore
from typing import TypeVar

from docker.errors import APIError

from backend_docker.bridges import Bridges
from backend_docker.client import Client, Frames
from backend_docker.container import Surroundings, described
from backend_docker.deaths import died, explained
from backend_docker.devices import Gpus
from backend_docker.doors import Doors, Place, has_doors, needs_door, remarks
from backend_docker.known import ENDED, Entry, Known
from backend_docker.launching import Launcher, NetworkGoneError
from backend_docker.link import Event, Link
from backend_docker.meter import Meter
from backend_docker.networks import DEPLOYMENT_LABEL, OWNER_LABEL, NetworkBook
from backend_docker.pulls import Pulls
from backend_docker.reports import Said, from_inspection, from_listing, handle_of, who_of
from backend_docker.settings import DockerSettings, EngineSettings
from backend_docker.shelf import Shelf
from backend_docker.words import asking, starting
from zoe.errors import BackendBusyError, BackendRefusedError, BackendUnavailableError
from zoe.plugin import Deployment, NodeReport, ServiceReport, ServiceSpec, ServiceState, SocksDoor, Usage

Answer = TypeVar("Answer")

_GONE = frozenset({404, 409})
"""There is no such container; or it is being removed already."""


class Engine:
    """A node. `tell` hears of every change, from any thread."""

    def __init__(
        self,
        engine: EngineSettings,
        settings: DockerSettings,
        deployment: Deployment,
        tell: Callable[[ServiceReport], None],
    ) -> None:
        self.name = engine.name
        self._engine = engine
        self._set = settings
        self._deployment = deployment
        self._tell = tell
        self._known = Known()
        self._networks = NetworkBook(deployment, settings.network)
        self._doors, self._has_doors = Doors(deployment, settings), has_doors(engine)
        self._gpus = Gpus(engine.gpus)
        self._meter = Meter(here=engine.url.startswith("unix://"))
        self._shelf = Shelf()
        self._launcher = Launcher(engine.name, settings.pull, Pulls(), Semaphore(settings.parallel), self._known.remove)
        self._link = Link(engine, settings.timeout, deployment.id, self._catch_up, self._hear)

    def open(self) -> None:
        """Connect."""
        self._link.start()

    def close(self) -> None:
        """Hang up."""
        self._doors.close()
        self._link.stop()

    def node(self) -> NodeReport:
        """Tell what the engine has, as it said when it was last connected to."""
        images = self._images()
        complaint = [self._link.complaint] if self._link.complaint else []
        return NodeReport(
            self.name, self._link.total, self._engine.labels, self._link.online,
            [*complaint, *remarks(self._engine, self._set.door_image, images)],
            disabled=self._engine.disabled, images=images,
        )  # fmt: skip

    def start(self, service: ServiceSpec) -> ServiceReport:
        """Start a container, or find it."""
        client = self._link.client()
        try:
            with starting(self.name):
                return self._start(client, service)
        except NetworkGoneError:
            self._networks.forget(service.owner)
            raise
        except (BackendRefusedError, BackendBusyError):
            # After a silence it may well run: then everything stays as it is until Zoe asks again.
            self._release(client, service.owner, service.who.id)
            raise

    def stop(self, container: str, grace: float) -> None:
        """Stop a container and wait for its end."""
        client = self._link.client()
        with asking(self.name):
            _unless_gone(lambda: client.stop(container, timeout=math.ceil(grace)))

    def remove(self, container: str) -> None:
        """Remove a container, and the network of its owner after the last one."""
        client = self._link.client()
        with asking(self.name):
            _unless_gone(lambda: client.remove_container(container, v=True, force=True))
        entry = self._known.remove(container)
        self._meter.forget(container)
        if entry is not None:
            self._release(client, entry.owner, entry.report.who.id)

    def reports(self) -> list[ServiceReport]:
        """Report all containers; while the engine is silent what was last heard of them, as long as patience lasts."""
        if self._link.online:
            with asking(self.name):
                self._compare(self._link.client(), self._listing(self._link.client()))
                self._clear_networks(self._link.client())
            return self._known.all()
        if time.monotonic() - self._link.silent_since > self._set.patience:
            return []
        if not self._link.answered:
            raise BackendUnavailableError(f"the engine {self.name} does not answer: {self._link.complaint}")
        return self._known.all()

    def frames(self, container: str, *, follow: bool, since: int = 0) -> Frames | None:
        """Return a container's log since then (epoch seconds); None: it is gone."""
        client = self._link.client()
        with asking(self.name):
            return _unless_gone(lambda: client.log_frames(container, follow=follow, since=since))

    def address(self, container: str) -> tuple[str, SocksDoor | None] | None:
        """Return a container's address in its network, and the door to dial it through."""
        entry = self._known.get(container)
        if entry is not None and entry.report.address:
            return entry.report.address, self._door(entry.owner)
        client = self._link.client()
        with asking(self.name):
            found = _unless_gone(lambda: client.inspect_container(container))
        report = from_inspection(self.name, found) if found else None
        if found is None or report is None or report.address is None:
            return None
        return report.address, self._door(found["Config"]["Labels"].get(OWNER_LABEL, ""))

    def usage(self, containers: Sequence[str]) -> dict[str, Usage]:
        """Return what these containers use; one that does not run is left out."""
        if not self._link.online:
            return {}
        client, ended = self._link.client(), self._known.ended()
        with asking(self.name):
            return self._meter.look(client, [container for container in containers if container not in ended])

    def _images(self) -> frozenset[str]:
        return self._shelf.names(self._link.client()) if self._link.online else frozenset()

    def _start(self, client: Client, service: ServiceSpec) -> ServiceReport:
        gpus = self._gpus.take(service.who.id, service.reserved.gpus)
        network = self._networks.join(self._bridges(client), service.owner, service.who.id)
        if service.ports and self._has_doors:
            self._doors.begin(self._place, service.owner, network)
        around = Surroundings(self._deployment.id, network, float(self._link.total.cores), gpus)
        body = described(service, self._set, around)
        found = self._launcher.launch(client, service.dns_name, body, lambda words: self._tell_way(service, words))
        report = from_inspection(self.name, found)
        assert report is not None  # noqa: S101 - it carries our own labels
        report = explained(client, found["Id"], report)
        self._known.put(found["Id"], Entry(service.owner, report))
        return report

    def _tell_way(self, service: ServiceSpec, words: str) -> None:
        nothing_yet = handle_of(self.name, "")
        self._tell(ServiceReport(service.who, nothing_yet, ServiceState.CREATED, self.name, reason=words))

    def _release(self, client: Client, owner: str, service: int) -> None:
        self._gpus.give_back(service)
        with asking(self.name):
            self._networks.leave(self._bridges(client), owner, service)

    def _bridges(self, client: Client) -> Bridges:
        doors = self._doors if self._has_doors else None
        return Bridges(client, doors, internal=self._set.network.internal)

    def _place(self) -> Place:
        return Place(self.name, self._link.client(), self._engine)

    def _door(self, owner: str) -> SocksDoor | None:
        return self._doors.into(self._place(), owner) if needs_door(self._engine) else None

    def _catch_up(self, client: Client) -> None:
        self._shelf.changed()
        bridges = self._bridges(client)
        listed = self._listing(client)
        ours = [(who, entry["Labels"]) for entry in listed if (who := who_of(entry["Labels"])) is not None]
        self._gpus.adopt((who.id, labels) for who, labels in ours)
        members = [(labels.get(OWNER_LABEL, ""), who.id) for who, labels in ours]
        networks = list(bridges.ours(self._deployment.id))
        self._networks.adopt(networks, members)
        self._clear_networks(client)
        used = {network["Id"] for network in networks} if self._has_doors else set()
        self._doors.remove(client, used, all_but=True)
        self._compare(client, listed)

    def _clear_networks(self, client: Client) -> None:
        for owner in self._networks.deserted():
            self._networks.leave(self._bridges(client), owner, -1)

    def _listing(self, client: Client) -> Sequence[Said]:
        ours = {"label": f"{DEPLOYMENT_LABEL}={self._deployment.id}"}
        listed: list[Said] = client.containers(all=True, filters=ours)
        return listed

    def _compare(self, client: Client, listed: Sequence[Said]) -> None:
        running = self._known.running()
        for entry in listed:
            known = self._known.get(entry["Id"])
            if known is None or known.report.state not in ENDED:
                self._take_up(client, entry)
        for container in self._known.unheard(running, [entry["Id"] for entry in listed]):
            self._tell_vanished(container, None)

    def _take_up(self, client: Client, entry: Said) -> None:
        report = from_listing(self.name, entry)
        if report is not None and report.state in ENDED:
            found = _unless_gone(lambda: client.inspect_container(entry["Id"]))
            report = from_inspection(self.name, found) if found else None
        if report is None:
            return
        report = explained(client, entry["Id"], report)
        known = self._known.get(entry["Id"])
        if self._known.put(entry["Id"], Entry(entry["Labels"].get(OWNER_LABEL, ""), report)) and known is not None:
            self._tell(report)

    def _hear(self, client: Client, event: Event) -> None:
        if event["Type"] == "image":
            self._shelf.changed()
            return
        container = event["Actor"]["ID"]
        if event["Action"] == "destroy":
            self._tell_vanished(container, event["timeNano"] / 1e9)
            return
        report = died(client, self.name, event)
        if report is None or self._known.is_removed(container):
            return
        known = self._known.get(container)
        if known is not None:
            self._known.put(container, Entry(known.owner, report))
        # Else its start is under way, and will say so, too.
        self._tell(report)

    def _tell_vanished(self, container: str, at: float | None) -> None:
        report = self._known.vanished(container, at)
        if report is not None:
            self._tell(report)


def _unless_gone(call: Callable[[], Answer]) -> Answer | None:
    try:
        return call()
    except APIError as error:
        if error.status_code in _GONE:
            return None
        raise
