"""From what a Swarm tells of nodes and tasks to what Zoe is told."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from backend_docker.reports import who_of
from zoe.plugin import Handle, NodeReport, Resources, ServiceReport, ServiceState

Said = Mapping[str, Any]
_COMING = frozenset({"new", "allocated", "pending", "assigned", "accepted", "preparing", "ready", "starting"})
_OVER = frozenset({"complete", "failed", "shutdown", "rejected", "orphaned", "remove"})
_KILLED = 137
_MIB = 1024**2


def handle_of(service: str) -> Handle:
    """Return the handle of a Swarm service."""
    return Handle(json.dumps({"service": service}))


def service_of(handle: Handle) -> str:
    """Return the Swarm service of a handle."""
    return str(json.loads(handle)["service"])


def node_report(node: Said) -> NodeReport:
    """Read a node; its labels are `name` or `name=value`."""
    told = node["Description"]["Resources"]
    total = Resources(told["NanoCPUs"] / 1e9, told["MemoryBytes"], _gpus(told.get("GenericResources") or ()))
    given = node["Spec"].get("Labels") or {}
    found = frozenset(f"{name}={text}" if text else name for name, text in given.items())
    online = node["Status"]["State"] == "ready"
    availability = node["Spec"]["Availability"]
    remarks = [] if online else [node["Status"].get("Message") or "the Swarm has lost it"]
    remarks += [f"the Swarm's administrator set it to {availability}"] if availability != "active" else []
    return NodeReport(node_name(node), total, found, online, remarks, disabled=availability != "active")


def node_name(node: Said) -> str:
    """Return a node's name."""
    return str(node["Description"]["Hostname"])


def first_task(tasks: Sequence[Said]) -> Said | None:
    """Return the task that Zoe asked for: what a Swarm starts in its place later is not the same service."""
    return min(tasks, key=lambda task: task["CreatedAt"], default=None)


def report(service: Said, task: Said | None, nodes: Mapping[str, Said]) -> ServiceReport | None:
    """Read a service and its task."""
    who = who_of(service["Spec"]["Labels"])
    if who is None:
        return None
    handle = handle_of(service["ID"])
    if task is None:
        return ServiceReport(who, handle, ServiceState.CREATED, "")
    node = nodes.get(task.get("NodeID", ""))
    name = node_name(node) if node else ""
    status = task["Status"]
    if node is not None and node["Status"]["State"] == "down" and status["State"] not in _OVER:
        return ServiceReport(who, handle, ServiceState.DEAD, name, None, None, f"its node {name} was lost")
    if status["State"] in _COMING:
        return ServiceReport(who, handle, ServiceState.CREATED, name)
    if status["State"] == "running":
        return ServiceReport(who, handle, ServiceState.STARTED, name, _address(task), at=_seconds(status["Timestamp"]))
    # A task that was never started has an exit code, too: 0.
    code = None if status["State"] == "rejected" else (status.get("ContainerStatus") or {}).get("ExitCode")
    why = _why(service, status, code)
    return ServiceReport(who, handle, ServiceState.DEAD, name, None, code, why, _seconds(status["Timestamp"]))


def _why(service: Said, status: Said, code: int | None) -> str | None:
    limit = service["Spec"]["TaskTemplate"].get("Resources", {}).get("Limits", {}).get("MemoryBytes")
    if code == _KILLED and limit and status["State"] == "failed":
        return f"was killed, most likely because it used more memory than its limit of {limit / _MIB:.4g} MiB"
    words = status.get("Err") or ""
    return None if code is not None and words.startswith("task: non-zero exit") else words or None


def _address(task: Said) -> str | None:
    for attachment in task.get("NetworksAttachments") or ():
        for address in attachment.get("Addresses") or ():
            return str(address).partition("/")[0]
    return None


def _gpus(generic: Sequence[Said]) -> int:
    discrete = [entry.get("DiscreteResourceSpec") or {} for entry in generic]
    named = [entry.get("NamedResourceSpec") or {} for entry in generic]
    counted = sum(int(entry["Value"]) for entry in discrete if entry.get("Kind", "").lower() == "gpu")
    return counted + len([entry for entry in named if entry.get("Kind", "").lower() == "gpu"])


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text[:19] + "+00:00").timestamp()
