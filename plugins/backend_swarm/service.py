"""From what a service needs to what the Swarm is asked for. Pure."""

from typing import Any

from backend_docker.container import Surroundings, container_user, environment, labels, log_config, mounts, words
from backend_swarm.settings import SwarmSettings
from zoe.plugin import ServiceSpec

_NANO = 1_000_000_000
_LONGEST_HOSTNAME = 63
NOWHERE = "node.id==nowhere"
"""A place that no node is: a task that should stand there is stopped where it was, and none takes its place."""


def described(service: ServiceSpec, settings: SwarmSettings, around: Surroundings, node: str | None) -> dict[str, Any]:
    """Return the body of `POST /services/create`; `node` is the id of the only node that will do."""
    return {
        "Name": service.dns_name,
        "Labels": labels(service, around),
        "TaskTemplate": {
            "ContainerSpec": _container(service, settings, around),
            "Resources": _resources(service, settings),
            "RestartPolicy": {"Condition": "none"},
            "Placement": {"Constraints": [f"node.id=={node}"] if node else []},
            "Networks": [{"Target": around.network, "Aliases": [service.dns_name]}],
            "LogDriver": _log_driver(settings),
        },
        "Mode": {"Replicated": {"Replicas": 1}},
        "UpdateConfig": {"Parallelism": 1, "Order": "stop-first"},
        # Virtual addresses need IP_VS in the kernel and use a network up twice as fast.
        "EndpointSpec": {"Mode": "dnsrr"},
    }


def stopped(specification: dict[str, Any]) -> dict[str, Any]:
    """Return the same service, standing nowhere: its container ends and its log stays."""
    template = {**specification["TaskTemplate"], "Placement": {"Constraints": [NOWHERE]}}
    return {**specification, "TaskTemplate": template}


def _container(service: ServiceSpec, settings: SwarmSettings, around: Surroundings) -> dict[str, Any]:
    user = container_user(service, settings)
    shm = service.limits.shm
    memory = {"Type": "tmpfs", "Target": "/dev/shm", "TmpfsOptions": {"SizeBytes": shm}}  # noqa: S108 - inside
    return {
        "Image": service.image,
        "Args": words(service),
        "Env": environment(service, user),
        "Hostname": service.dns_name[:_LONGEST_HOSTNAME],
        "User": user or "",
        "Dir": service.work_dir or "",
        "Labels": labels(service, around),
        "Mounts": [*mounts(service), *([memory] if shm is not None else [])],
        "Init": True,
        "CapabilityDrop": ["ALL"],
        "CapabilityAdd": sorted(settings.capabilities),
        "StopGracePeriod": round(settings.stop_grace * _NANO),
        "Healthcheck": {"Test": ["NONE"]},
    }


def _resources(service: ServiceSpec, settings: SwarmSettings) -> dict[str, Any]:
    limits, reserved = service.limits, service.reserved
    hard: dict[str, Any] = {"Pids": settings.pids_limit}
    if limits.cores is not None:
        hard["NanoCPUs"] = round(limits.cores * _NANO)
    if limits.memory is not None:
        hard["MemoryBytes"] = limits.memory
    held: dict[str, Any] = {"NanoCPUs": round(reserved.cores * _NANO), "MemoryBytes": reserved.memory}
    if reserved.gpus:
        held["GenericResources"] = [{"DiscreteResourceSpec": {"Kind": "gpu", "Value": reserved.gpus}}]
    return {"Limits": hard, "Reservations": held}


def _log_driver(settings: SwarmSettings) -> dict[str, Any]:
    found = log_config(settings)
    return {"Name": found["Type"], "Options": found["Config"]}
