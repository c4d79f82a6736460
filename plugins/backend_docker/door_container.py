"""From where a door stands to what the engine is asked for, and back. Pure."""

import io
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backend_docker.networks import DEPLOYMENT_LABEL
from backend_docker.settings import DoorSettings

DOOR_LABEL, INTO_LABEL = "zoe_door", "zoe_door_into"
"""What marks a door, and the id of the network that it leads into. No label of a service is on it."""
CREDENTIALS = "/run/door"
_PORT = "1080/tcp"
_NUMBER = 1080
_NOBODY = 65534
_MEMORY = 128 << 20
_PIDS = 1024  # microsocks: a thread for each connection
_LOG_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Network:
    """The network that a door leads into: `address` is any of its addresses."""

    id: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Door:
    """What a door's container depends on."""

    deployment_id: str
    image: str
    place: DoorSettings

    def described(self, network: Network, mark: str) -> dict[str, Any]:
        """Return the body of `POST /containers/create`; nothing in it is secret."""
        return {
            "Image": self.image,
            "User": f"{_NOBODY}:{_NOBODY}",
            "Env": [f"ZOE_DOOR_INTO={network.address}"],
            "Labels": {DEPLOYMENT_LABEL: self.deployment_id, DOOR_LABEL: mark, INTO_LABEL: network.id},
            "Healthcheck": {"Test": ["NONE"]},
            "ExposedPorts": {_PORT: {}},
            "Volumes": {CREDENTIALS: {}},
            "HostConfig": self._host(network),
        }

    def mark_of(self) -> str:
        """Return what a door has to be made anew for when it changes; the key belongs to it, too."""
        return f"{self.image} {self.place.door_address} {self.place.door_network}"

    def where(self, found: Mapping[str, Any]) -> tuple[str, int] | None:
        """Return where a running door is dialled; None: nowhere yet."""
        told = found["NetworkSettings"]
        if self.place.door_address is not None:
            published = (told.get("Ports") or {}).get(_PORT) or ()
            return next(((one["HostIp"], int(one["HostPort"])) for one in published), None)
        shared = (told.get("Networks") or {}).get(self.place.door_network) or {}
        return (shared["IPAddress"], _NUMBER) if shared.get("IPAddress") else None

    def _host(self, network: Network) -> dict[str, Any]:
        address = self.place.door_address
        return {
            "NetworkMode": self.place.door_network or network.name,
            "PortBindings": {_PORT: [{"HostIp": str(address), "HostPort": ""}]} if address is not None else {},
            "ReadonlyRootfs": True,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges"],
            "Init": True,
            "PidsLimit": _PIDS,
            "Memory": _MEMORY,
            "MemorySwap": _MEMORY,
            "RestartPolicy": {"Name": "unless-stopped"},
            "LogConfig": {"Type": "json-file", "Config": {"max-size": str(_LOG_BYTES), "max-file": "1"}},
        }


def credentials(username: str, password: str) -> bytes:
    """Return the file that tells a door who may pass, as an archive; only the door itself may read it."""
    content = f"{username}\n{password}\n".encode()
    entry = tarfile.TarInfo("credentials")
    entry.size, entry.mode, entry.uid, entry.gid = len(content), 0o400, _NOBODY, _NOBODY
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
