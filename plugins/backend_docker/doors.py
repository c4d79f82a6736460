"""The doors into users' networks: a SOCKS5 proxy in each, for a Zoe that is not in them itself.

What there is to know of a door the engine knows: it is found by its name, also after a restart of Zoe, and made where
it is missing. It goes before its network does.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from docker.errors import APIError, DockerException, ImageNotFound, NotFound

from backend_docker.client import Client
from backend_docker.door_container import CREDENTIALS, DOOR_LABEL, INTO_LABEL, Door, Network, credentials
from backend_docker.door_key import DoorKey
from backend_docker.launching import NetworkGoneError
from backend_docker.networks import DEPLOYMENT_LABEL, network_name
from backend_docker.settings import ContainerSettings, DoorSettings, EngineSettings, is_here
from backend_docker.words import asking, said
from zoe.errors import BackendUnavailableError, ZoeError
from zoe.plugin import Deployment, SocksDoor

log = logging.getLogger(__name__)

_CONFLICT = 409
_GONE = frozenset({404, 409})
_TRIES = 4
_AT_A_TIME = 4
_PAUSE = 0.5  # seconds
_TOO_LATE = "deadline exceeded"
_UNNAMED = (
    "pages of services cannot be opened until an address of that machine that this one reaches is its door_address"
)


@dataclass(frozen=True, slots=True)
class Place:
    """An engine where doors may stand: its name, a client of it, and what the administrator named for it."""

    name: str
    client: Client
    settings: DoorSettings


class Doors:
    """Finds, makes and removes doors; used by many threads. One makes a door, the others wait for it."""

    def __init__(self, deployment: Deployment, settings: ContainerSettings, at_a_time: int = _AT_A_TIME) -> None:
        self._deployment = deployment
        self._image = settings.door_image
        self._key = DoorKey(deployment.data_dir)
        self._making: dict[tuple[str, str], Future[SocksDoor]] = {}
        self._begun: dict[str, Future[None]] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(at_a_time, thread_name_prefix="door")

    def close(self) -> None:
        """Make no more; those that are there stay."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def begin(self, place: Callable[[], Place], owner: str, network: str) -> None:
        """Make the door into a network (an id), while the first service in it that has a port starts."""
        with self._lock, suppress(RuntimeError):  # Zoe is ending
            if network not in self._begun:
                self._begun[network] = self._pool.submit(self._made_quietly, place, owner)

    def give_way(self, network: str, seconds: float) -> None:
        """Wait for the door into a network that was begun, if others are being made, too; no longer than this."""
        with self._lock:
            begun = self._begun.get(network)
            crowded = sum(not one.done() for one in self._begun.values()) > 1
        if begun is not None and crowded:
            wait((begun,), seconds)

    def into(self, place: Place, owner: str) -> SocksDoor:
        """Return the door into an owner's network, made where it is missing.

        Raises:
            BackendUnavailableError: there is none to be had, and why.

        """
        with self._lock:
            first = (place.name, owner) not in self._making
            making = self._making.setdefault((place.name, owner), Future())
        if not first:
            return making.result()
        try:
            with asking(place.name):
                making.set_result(self._found_or_made(place, owner))
        except BaseException as error:
            making.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._making[place.name, owner]
        return making.result()

    def remove(self, client: Client, networks: Collection[str], *, all_but: bool = False) -> None:
        """Remove the doors into these networks (ids), or into all but these."""
        for door in self._ours(client):
            if (door["Labels"].get(INTO_LABEL) in networks) is not all_but:
                _remove(client, door["Id"])
        with self._lock:
            self._begun = {one: begun for one, begun in self._begun.items() if (one in networks) is all_but}

    def _made_quietly(self, place: Callable[[], Place], owner: str) -> None:
        for tried in range(_TRIES):
            try:
                self.into(place(), owner)
            except NetworkGoneError:
                return  # before anybody asked for a page
            except _NoTimeError as error:
                log.log(logging.INFO if tried < _TRIES - 1 else logging.WARNING, "%s", error)
                time.sleep(_PAUSE)
                continue
            except (ZoeError, DockerException, OSError) as error:
                # The first page asks again, and says what is wrong.
                log.warning("no door into the network of %s yet: %s", owner, error)
            return

    def _ours(self, client: Client) -> Iterable[Mapping[str, Any]]:
        wanted = {"label": [f"{DEPLOYMENT_LABEL}={self._deployment.id}", DOOR_LABEL]}
        found: list[dict[str, Any]] = client.containers(all=True, filters=wanted)
        return found

    def _found_or_made(self, place: Place, owner: str) -> SocksDoor:
        network, _ = network_name(self._deployment, owner)
        name = f"{network}-door"
        door = Door(self._deployment.id, self._image, place.settings)
        mark, password = self._key.mark(f"{network} {door.mark_of()}"), self._key.password(network)
        for _ in range(_TRIES):
            found = _inspected(place.client, name)
            if found is None:
                _make(place, door.described(_network(place.client, network), mark), name)
            elif (found["Config"]["Labels"] or {}).get(DOOR_LABEL) != mark:
                self._clear(place, found, name)
            elif found["State"]["Running"] and (where := door.where(found)) is not None:
                return SocksDoor(*where, network, password)
            else:
                _open(place.client, found, network, credentials(network, password))
        raise BackendUnavailableError(f"the door {name} does not stay open on {place.name}: its log may tell more")

    def _clear(self, place: Place, found: Mapping[str, Any], name: str) -> None:
        """Remove a door of other settings or of another key; what is not ours stays."""
        labels = found["Config"]["Labels"] or {}
        if labels.get(DEPLOYMENT_LABEL) != self._deployment.id or DOOR_LABEL not in labels:
            raise BackendUnavailableError(f"the name {name} is taken on {place.name} by a container that is no door")
        _remove(place.client, found["Id"])


class _NoTimeError(BackendUnavailableError):
    """The engine has much to do; the next attempt may do."""


def has_doors(engine: DoorSettings) -> bool:
    """Tell whether somebody named how doors on an engine are reached."""
    return engine.door_address is not None or engine.door_network is not None


def needs_door(engine: EngineSettings) -> bool:
    """Tell whether Zoe dials services on an engine through doors.

    Raises:
        BackendUnavailableError: it would have to, and nobody named how doors there are reached.

    """
    if not has_doors(engine) and not is_here(engine.url):
        raise BackendUnavailableError(f"the engine {engine.name} is on another machine, and {_UNNAMED}")
    return has_doors(engine)


def remarks(engine: EngineSettings, image: str, images: Collection[str]) -> Sequence[str]:
    """Say why pages of services on an engine cannot be opened, if so; `images`: what it has, empty where unknown."""
    if has_doors(engine) and images and image not in images:
        return [f"pages of services cannot be opened: {_missing(image, 'it')}"]
    return [] if has_doors(engine) or is_here(engine.url) else [_UNNAMED]


def _missing(image: str, place: str) -> str:
    return (
        f"the image {image} of the doors is not on {place}: make it there with `make images`, or name another as "
        "door_image"
    )


def _make(place: Place, body: dict[str, Any], name: str) -> None:
    try:
        place.client.create_container_from_config(body, name)  # type: ignore[no-untyped-call]
    except ImageNotFound as error:
        raise BackendUnavailableError(_missing(body["Image"], place.name)) from error
    except APIError as error:
        # In a conflict another process of this Zoe was quicker.
        if error.status_code != _CONFLICT:
            raise


def _inspected(client: Client, name: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = client.inspect_container(name)
    except NotFound:
        return None
    return found


def _network(client: Client, name: str) -> Network:
    try:
        found = client.inspect_network(name)
    except NotFound as error:
        raise NetworkGoneError(f"the network {name} is gone") from error
    pools = (found.get("IPAM") or {}).get("Config") or []
    if not pools or not pools[0].get("Subnet"):
        raise _NoTimeError(f"the network {name} has no addresses yet")
    return Network(found["Id"], name, str(ip_network(pools[0]["Subnet"], strict=False)[1]))


def _open(client: Client, found: Mapping[str, Any], network: str, archive: bytes) -> None:
    container = found["Id"]
    try:
        if network not in found["NetworkSettings"]["Networks"]:
            client.connect_container_to_network(container, network)
        client.put_archive(container, CREDENTIALS, archive)
        client.start(container)
    except APIError as error:
        # Its network was removed, or it was: it is made anew where there is still something to lead into.
        _remove(client, container)
        if _TOO_LATE in said(error):
            raise _NoTimeError(f"the engine had no time for a door into {network}: {said(error)}") from error
        if error.status_code not in _GONE:
            raise BackendUnavailableError(f"the door could not be opened: {said(error)}") from error


def _remove(client: Client, container: str) -> None:
    try:
        client.remove_container(container, v=True, force=True)
    except APIError as error:
        if error.status_code not in _GONE:
            raise
