"""From what a Swarm tells of nodes and tasks to what Zoe is told."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from backend_docker.reports import who_of
from backend_swarm.board import Finding
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


def findings(tasks: Sequence[Said], nodes: Mapping[str, Said], services: Sequence[Said] = ()) -> list[Finding]:
    """Read tasks, each service's first: what a Swarm starts in its place later is not the same service.

    `services`: those of which there may be no task yet.
    """
    firsts: dict[str, Said] = {}
    for task in tasks:
        known = firsts.get(task["ServiceID"])
        if known is None or task["CreatedAt"] < known["CreatedAt"]:
            firsts[task["ServiceID"]] = task
    found = [_without_task(service) for service in services if service["ID"] not in firsts]
    found += [_of_task(task, nodes) for task in firsts.values()]
    return [one for one in found if one is not None]


def _without_task(service: Said) -> Finding | None:
    who = who_of(service["Spec"]["Labels"])
    return Finding(ServiceReport(who, handle_of(service["ID"]), ServiceState.CREATED, "")) if who else None


def _of_task(task: Said, nodes: Mapping[str, Said]) -> Finding | None:
    who = who_of(task["Spec"].get("ContainerSpec", {}).get("Labels") or {})
    if who is None:
        return None
    status, node = task["Status"], nodes.get(task.get("NodeID", ""))
    found = ServiceReport(who, handle_of(task["ServiceID"]), ServiceState.CREATED, node_name(node) if node else "")
    return Finding(_judged(found, task, node), str(status.get("Err") or status.get("Message") or ""))


def _judged(found: ServiceReport, task: Said, node: Said | None) -> ServiceReport:
    status, state = task["Status"], task["Status"]["State"]
    lost = _lost(state, node) if node is not None else None
    if lost is not None:
        return replace(found, state=ServiceState.DESTROYED, reason=f"its node {found.node} was {lost}")
    if state in _COMING:
        return found
    at = _seconds(status["Timestamp"])
    if state == "running":
        return replace(found, state=ServiceState.STARTED, address=_address(task), at=at)
    # A task that was never started has an exit code, too: 0.
    code = None if state == "rejected" else (status.get("ContainerStatus") or {}).get("ExitCode")
    return replace(found, state=ServiceState.DEAD, exit_code=code, reason=_why(task, status, code), at=at)


def _lost(state: str, node: Said) -> str | None:
    if node["Status"]["State"] == "down" and state not in _OVER:
        return "lost"
    # What Zoe itself stops ends so, too; it does not ask why.
    return "drained" if state == "shutdown" and node["Spec"]["Availability"] == "drain" else None


def _why(task: Said, status: Said, code: int | None) -> str | None:
    limit = ((task["Spec"].get("Resources") or {}).get("Limits") or {}).get("MemoryBytes")
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
