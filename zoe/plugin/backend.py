"""The contract of a backend: what runs services."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NewType

from zoe.plugin.base import Plugin
from zoe.scheduling.model import Resources

Handle = NewType("Handle", str)
"""How a backend finds a service again: JSON text that nobody else reads. Equal handles mean the same service."""


@dataclass(frozen=True, slots=True)
class ServiceId:
    """Who a service is. `id` is unique in the deployment and never used again; `name` is `<group><index>`."""

    id: int
    execution_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard limits that the backend enforces where it can; None means none. Cores, bytes."""

    cores: float | None = None
    memory: int | None = None
    shm: int | None = None


@dataclass(frozen=True, slots=True)
class PortSpec:
    """A port that the service listens on."""

    name: str
    number: int
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True)
class VolumeSpec:
    """A directory of the backend's machines (`source`) that the service sees at `target`."""

    source: Path
    target: str
    read_only: bool = True


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """All that a backend needs to start one service. Placeholders are filled in already.

    `command` is a line for a shell (str), the words to execute (tuple), or None for the image's own.
    `owner_uid` is the numeric user that files in the workspace belong to.
    """

    who: ServiceId
    group: str
    owner: str
    owner_uid: int
    image: str
    command: str | tuple[str, ...] | None
    environment: Mapping[str, str]
    reserved: Resources
    limits: Limits
    dns_name: str
    workspace: Path
    work_dir: str | None = None
    volumes: Sequence[VolumeSpec] = ()
    ports: Sequence[PortSpec] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


class ServiceState(StrEnum):
    """What a backend says of a service: the words of API 0.7 (`backend_status`)."""

    UNDEFINED = "undefined"
    CREATED = "created"
    STARTED = "started"
    DEAD = "dead"
    DESTROYED = "destroyed"
    OOM_KILLED = "oom-killed"


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """What became of a service.

    `exit_code` is set once it is dead (128 + n for signal n; None where nobody can know).
    `reason` says in a person's words why it died, where the backend knows more than the code. `at`: epoch seconds, UTC.
    """

    who: ServiceId
    handle: Handle
    state: ServiceState
    node: str
    address: str | None = None
    exit_code: int | None = None
    reason: str | None = None
    at: float | None = None


@dataclass(frozen=True, slots=True)
class NodeReport:
    """One machine: what Zoe may use of it, what it carries, whether it gets anything new, and what it cannot do.

    `online`: it answers; `disabled`: its administrator wants nothing new on it, and what runs there goes on.
    `images`: the container images that are there already, by every name they have; empty where there is no such thing.
    """

    name: str
    total: Resources
    labels: frozenset[str] = frozenset()
    online: bool = True
    remarks: Sequence[str] = ()
    disabled: bool = False
    images: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Usage:
    """What a service uses now: cores, resident memory in bytes.

    `seconds`: the processor time that it has used in all, where the backend knows. `gpus`: how many GPUs are kept busy
    (one half-busy counts 0.5); None where nobody can tell.
    """

    cores: float
    memory: int
    seconds: float | None = None
    gpus: float | None = None


@dataclass(frozen=True, slots=True)
class SocksDoor:
    """A SOCKS5 proxy inside a network that Zoe is not in itself; names are resolved behind it."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a port of a service is dialled: directly, or through a door into its network."""

    host: str
    port: int
    door: SocksDoor | None = None


class Backend(Plugin):
    """Runs services. All methods but `open`, `watch` and `close` are called from pool threads, many at once.

    Every method may raise `BackendUnavailableError`: Zoe asks again later and nobody is hurt.

    `one_node_networks`: services find each other on one node only, so all of an execution are placed together.
    """

    one_node_networks: bool = False

    @abstractmethod
    def open(self) -> None:
        """Get ready; called once, before anything else, from the thread that starts Zoe."""

    @abstractmethod
    def close(self) -> None:
        """Let go of everything but the running services: they outlive Zoe."""

    @abstractmethod
    def nodes(self) -> Sequence[NodeReport]:
        """Tell the machines and what Zoe may use of each."""

    @abstractmethod
    def start(self, service: ServiceSpec, node: str) -> ServiceReport:
        """Start a service on a node, or find it if it is already there (`service.who` is its identity).

        Raises:
            BackendBusyError: no room just now; the execution goes back to the queue.
            BackendRefusedError: it cannot be started; the execution fails with these words.

        """

    @abstractmethod
    def stop(self, handle: Handle, grace: float) -> None:
        """End a service and all that it started: politely, and after `grace` seconds by force. What is gone is stopped.

        Returns once nothing of it runs; its log can still be read until `remove`.
        """

    @abstractmethod
    def remove(self, handle: Handle) -> None:
        """Forget a stopped service, its files and its log. What is gone is removed."""

    @abstractmethod
    def services(self) -> Iterable[ServiceReport]:
        """Report every service of this deployment, also those that Zoe has forgotten."""

    @abstractmethod
    def watch(self, changed: Callable[[ServiceReport], None]) -> None:
        """From now on call `changed`, from any thread, as soon as a service's state changes. Returns at once.

        A report of state `created` with a `reason` tells how far a start is ("pulling its image: 40 %").
        """

    @abstractmethod
    def logs(self, handle: Handle, follow: bool) -> Iterator[bytes]:
        """Yield the log from its start, whole lines `YYYY-MM-DD HH:MM:SS text`; follow it until the service ends.

        While nothing comes for some seconds, yield `b""`: the moment to see whether anybody still reads.
        """

    @abstractmethod
    def address(self, handle: Handle, port: int) -> Address:
        """Tell where Zoe itself dials this port of the service."""

    @abstractmethod
    def usage(self, handles: Sequence[Handle]) -> Mapping[Handle, Usage]:
        """Tell what these services use now; one that is gone is left out."""

    def dns_name(self, who: ServiceId) -> str:
        """Tell the name under which the services of one user find this one (`{dns_name#...}`), before it runs."""
        return f"{who.name}-{who.execution_id}-{self.deployment.name}"

    def bind_address(self, who: ServiceId) -> str:  # noqa: ARG002 - for overriding
        """Tell what this service has to bind to (`{address#self}`), before it runs."""
        return "0.0.0.0"  # noqa: S104 - inside a container of its own

    def workspace(self, who: ServiceId, workspace: Path) -> str:  # noqa: ARG002 - for overriding
        """Tell the path at which this service sees its owner's workspace (`workspace` is Zoe's own path to it)."""
        return "/mnt/workspace"
