"""What an administrator may set under `[plugins.docker]`."""

import os
from collections.abc import Sequence
from ipaddress import IPv4Network, ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, IPvAnyAddress, field_validator, model_validator

from zoe.plugin import PluginSettings, Size

MIB = 1024**2


def local_url() -> str:
    """Return where the engine of this machine answers: DOCKER_HOST, as for every other client, or its usual socket."""
    return os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


def is_here(url: str) -> bool:
    """Tell whether an engine is on Zoe's own machine: it answers at a socket, or on the loopback."""
    host = urlsplit(url).hostname or ""
    try:
        return url.startswith("unix:") or host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class TlsSettings(PluginSettings):
    """How Zoe and an engine on `tcp://` know each other: files in PEM format."""

    ca: Path
    """The authority that signed the engine's certificate."""
    cert: Path
    """Zoe's own certificate."""
    key: Path
    """The key of Zoe's own certificate."""


class DoorSettings(PluginSettings):
    """How Zoe reaches the doors into users' networks on an engine."""

    door_address: IPvAnyAddress | None = None
    """The one address of that machine where doors listen, each on a port of its own; Zoe has to reach it."""
    door_network: Annotated[str, Field(min_length=1)] | None = None
    """A network of the engine that doors join; Zoe's own container is the only other one in it."""

    @field_validator("door_address")
    @classmethod
    def _one(cls, address: IPvAnyAddress | None) -> IPvAnyAddress | None:
        if address is not None and (address.is_unspecified or address.is_multicast):
            raise ValueError(f"doors listen on one address that you name, never on all: {address} is none")
        return address


class EngineSettings(DoorSettings):
    """One engine: a node of the cluster."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]
    """The name of the node."""
    url: Annotated[str, Field(pattern=r"^(unix|tcp|ssh)://.+")]
    """Where the engine answers: `unix:///path`, `tcp://host:port`, or `ssh://user@host`.

    The last takes the programs `ssh` here and `docker` there.
    """
    tls: TlsSettings | None = None
    """Certificates for `tcp://`; without them anybody who reaches the port is root there."""
    ssh_config: Path | None = None
    """For `ssh://`: a configuration file of `ssh` in place of the usual ones (keys, known hosts, ways through)."""
    labels: frozenset[str] = frozenset()
    """Labels of the node, which ZApps may ask for."""
    disabled: bool = False
    """Whether it gets nothing new; what runs there goes on."""
    cores: Annotated[float, Field(gt=0)] | None = None
    """Cores that Zoe may use; unset: all that the engine has."""
    memory: Annotated[Size, Field(gt=0)] | None = None
    """Memory that Zoe may use, bytes; unset: all that the engine has."""
    gpus: Annotated[int, Field(ge=0)] = 0
    """NVIDIA GPUs of the node, numbered from 0; the engine cannot tell them."""


class NetworkSettings(PluginSettings):
    """The networks of users: one each, with a subnet from a range."""

    subnets: IPv4Network = IPv4Network("10.200.0.0/14")
    """The range that subnets are taken from; nothing else may use it where engines run."""
    subnet_prefix: Annotated[int, Field(ge=16, le=29)] = 23
    """The size of a subnet: /23 has room for 509 services of a user; the default range has 512 such subnets."""
    internal: bool = False
    """Whether services are cut off from the world outside, too."""

    @model_validator(mode="after")
    def _fits(self) -> "NetworkSettings":
        if self.subnet_prefix < self.subnets.prefixlen:
            raise ValueError(f"a subnet of /{self.subnet_prefix} does not fit into {self.subnets}")
        return self


class ContainerSettings(PluginSettings):
    """What every container gets."""

    pull: Literal["missing", "never", "always"] = "missing"
    """When an image is fetched from its registry."""
    run_as: Literal["auto", "image"] = "auto"
    """`auto`: as the owner's user id where Zoe is root, else as Zoe's own; `image`: as the image says, even root."""
    capabilities: frozenset[str] = frozenset()
    """Linux capabilities given back; all are taken by default, and the official images of Zoe need none."""
    pids_limit: Annotated[int, Field(gt=0)] = 4096
    """Processes and threads that a service may have at a time."""
    door_image: Annotated[str, Field(min_length=1)] = "zoe-socks:1"
    """The image of the doors into users' networks (`make images`), where Zoe is not in those networks itself."""
    log_max_bytes: Annotated[Size, Field(ge=65536)] = 64 * MIB
    """How much of a service's log the engine keeps, the newest; what came before is cut."""


class DockerSettings(ContainerSettings):
    """Settings of the docker backend."""

    engines: Sequence[EngineSettings] = Field(
        default_factory=lambda: (EngineSettings(name="local", url=local_url()),), min_length=1
    )
    """The engines; by default that of this machine."""
    network: NetworkSettings = NetworkSettings()
    """The networks of users."""
    parallel: Annotated[int, Field(gt=0)] = 8
    """Containers that are created at a time on one engine; more makes no engine faster."""
    timeout: Annotated[float, Field(gt=0)] = 120.0
    """How long an engine may take to answer, seconds."""
    patience: Annotated[float, Field(ge=0)] = 300.0
    """How long the services of an engine that does not answer count as running, seconds."""

    @field_validator("engines")
    @classmethod
    def _distinct(cls, engines: Sequence[EngineSettings]) -> Sequence[EngineSettings]:
        if len({engine.name for engine in engines}) < len(engines):
            raise ValueError("every engine needs a name of its own")
        return engines
