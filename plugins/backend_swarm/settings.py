"""What an administrator may set under `[plugins.swarm]`."""

from collections.abc import Sequence
from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import Field

from backend_docker.settings import (
    ContainerSettings,
    DoorSettings,
    EngineSettings,
    NetworkSettings,
    TlsSettings,
    local_url,
)


class ManagerSettings(DoorSettings):
    """One manager of the Swarm. Doors on Zoe's own machine are on its loopback, if nothing else is named."""

    url: Annotated[str, Field(pattern=r"^(unix|tcp|ssh)://.+")]
    """Where it answers: `unix:///path`, `tcp://host:port`, or `ssh://user@host`."""
    tls: TlsSettings | None = None
    """Certificates for `tcp://`; without them anybody who reaches the port is root there."""

    def engine(self) -> EngineSettings:
        """Return it as an engine to connect to."""
        return EngineSettings(name="manager", url=self.url, tls=self.tls)


class SwarmSettings(ContainerSettings):
    """Settings of the swarm backend."""

    managers: Sequence[ManagerSettings] = Field(
        default_factory=lambda: (ManagerSettings(url=local_url()),), min_length=1
    )
    """The managers; when one is gone the next one is asked."""
    network: NetworkSettings = NetworkSettings(subnets=IPv4Network("10.204.0.0/14"))
    """The networks of users; nothing else may use the range on any node."""
    placement: Literal["zoe", "engine"] = "zoe"
    """Whether services run on the node that Zoe chose, or where the Swarm likes."""
    stop_grace: Annotated[float, Field(ge=0)] = 10.0
    """Seconds between SIGTERM and SIGKILL: a Swarm wants to know at the start, so no stop can ask for less or more."""
    start_patience: Annotated[float, Field(gt=0)] = 600.0
    """How long a service may take until it runs, its image's download included, seconds."""
    busy_patience: Annotated[float, Field(gt=0)] = 15.0
    """How long a node may have no room, or use the subnet, before the execution goes back to the queue, seconds."""
    look_seconds: Annotated[float, Field(gt=0)] = 2.0
    """How often a Swarm is asked what has ended while something runs, for it tells no event of that, seconds."""
    timeout: Annotated[float, Field(gt=0)] = 60.0
    """How long a manager may take to answer, seconds."""
