"""From what a service needs to what the engine is asked for. Pure."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backend_docker.networks import DEPLOYMENT_LABEL, OWNER_LABEL
from backend_docker.settings import ContainerSettings
from zoe.errors import BackendRefusedError
from zoe.plugin import ServiceSpec, VolumeSpec

SERVICE_LABEL, EXECUTION_LABEL, NAME_LABEL, GPUS_LABEL = (
    "zoe_service_id",
    "zoe_execution_id",
    "zoe_service_name",
    "zoe_gpus",
)
_OURS = "zoe_"
WORKSPACE = "/mnt/workspace"
_NANO = 1_000_000_000
_LEAST_MEMORY = 6 << 20  # bytes: an engine refuses to set less aside
_LONGEST_HOSTNAME = 63
_FIRST_PERSON = 1000  # below are the accounts of the system


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a container's description depends on beside the service. `cores`: those of the engine."""

    deployment_id: str
    network: str
    cores: float
    gpus: Sequence[str]


def described(service: ServiceSpec, settings: ContainerSettings, around: Surroundings) -> dict[str, Any]:
    """Return the body of the engine's `POST /containers/create`.

    Raises:
        BackendRefusedError: no container can be like that.

    """
    if not service.image.strip():
        raise BackendRefusedError("it names no image")  # the engine would make a container of nothing
    user = container_user(service, settings)
    return {
        "Image": service.image,
        "Cmd": words(service),
        "Env": environment(service, user),
        "Hostname": service.dns_name[:_LONGEST_HOSTNAME],
        "User": user or "",
        "WorkingDir": service.work_dir or "",
        "Labels": labels(service, around),
        # A health check would have the engine run something in every container every few seconds.
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": _host(service, settings, around),
        "NetworkingConfig": {"EndpointsConfig": {around.network: {"Aliases": [service.dns_name]}}},
    }


def labels(service: ServiceSpec, around: Surroundings) -> dict[str, str]:
    """Return the labels by which a container is known again."""
    ours = {
        DEPLOYMENT_LABEL: around.deployment_id,
        OWNER_LABEL: service.owner,
        SERVICE_LABEL: str(service.who.id),
        EXECUTION_LABEL: str(service.who.execution_id),
        NAME_LABEL: service.who.name,
    }
    # Whoever writes a ZApp may not speak in our name: `zoe_gpus` would take GPUs from others.
    theirs = {name: text for name, text in service.labels.items() if not name.startswith(_OURS)}
    return {**theirs, **ours, **({GPUS_LABEL: ",".join(around.gpus)} if around.gpus else {})}


def words(service: ServiceSpec) -> list[str] | None:
    """Return the command, which the image's entry point gets as `docker run IMAGE COMMAND` would give it."""
    if service.command is None:
        return None
    return ["/bin/sh", "-c", service.command] if isinstance(service.command, str) else [*service.command]


def environment(service: ServiceSpec, user: str | None) -> list[str]:
    """Return the environment. A user whom the image does not know has no home: /tmp can be written by all."""
    homeless = {"HOME": "/tmp", "USER": service.owner} if user else {}  # noqa: S108 - inside the container
    return [f"{name}={text}" for name, text in {**homeless, **service.environment}.items()]


def container_user(service: ServiceSpec, settings: ContainerSettings) -> str | None:
    """Return `uid:gid` of a container; None: as its image says.

    Raises:
        BackendRefusedError: that id is no person's.

    """
    if settings.run_as == "image":
        return None
    if os.geteuid() != 0:
        return f"{os.geteuid()}:{os.getegid()}"
    if service.owner_uid < _FIRST_PERSON:
        raise BackendRefusedError(
            f"services of '{service.owner}' would run with user id {service.owner_uid}, which belongs to the system: "
            f"give the user an id of {_FIRST_PERSON} or more"
        )
    return f"{service.owner_uid}:{service.owner_uid}"


def mounts(service: ServiceSpec) -> list[dict[str, Any]]:
    """Return the workspace and the volumes: a directory that is missing is an error, not made as root."""
    workspace = VolumeSpec(service.workspace, WORKSPACE, read_only=False)
    return [
        {"Type": "bind", "Source": str(volume.source), "Target": volume.target, "ReadOnly": volume.read_only}
        for volume in (workspace, *service.volumes)
    ]


def _host(service: ServiceSpec, settings: ContainerSettings, around: Surroundings) -> dict[str, Any]:
    return {
        "NetworkMode": around.network,
        "Mounts": mounts(service),
        "Init": True,
        "SecurityOpt": ["no-new-privileges"],
        "CapDrop": ["ALL"],
        "CapAdd": sorted(settings.capabilities),
        "PidsLimit": settings.pids_limit,
        "RestartPolicy": {"Name": "no"},
        "LogConfig": log_config(settings),
        **_limits(service, around.cores),
        **_devices(around.gpus),
    }


def log_config(settings: ContainerSettings) -> dict[str, Any]:
    """Return how the engine keeps a log: two files, the older of which is dropped when the newer is full."""
    return {"Type": "json-file", "Config": {"max-size": str(settings.log_max_bytes // 2), "max-file": "2"}}


def _limits(service: ServiceSpec, cores: float) -> dict[str, Any]:
    limits, reserved = service.limits, service.reserved
    found: dict[str, Any] = {"CpuShares": max(2, round(reserved.cores * 1024))}
    if limits.cores is not None:
        # The engine refuses more than it has.
        found["NanoCpus"] = round(min(limits.cores, cores) * _NANO)
    if limits.memory is not None:
        # As much with swap as without: none.
        found |= {"Memory": limits.memory, "MemorySwap": limits.memory}
    if reserved.memory >= _LEAST_MEMORY:
        found["MemoryReservation"] = min(reserved.memory, limits.memory or reserved.memory)
    if limits.shm is not None:
        found["ShmSize"] = limits.shm
    return found


def _devices(gpus: Sequence[str]) -> dict[str, Any]:
    if not gpus:
        return {}
    return {"DeviceRequests": [{"Driver": "nvidia", "DeviceIDs": [*gpus], "Capabilities": [["gpu"]]}]}
