"""From what an engine tells of a container to what Zoe is told of a service."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from backend_docker.container import EXECUTION_LABEL, NAME_LABEL, SERVICE_LABEL
from zoe.plugin import Handle, ServiceId, ServiceReport, ServiceState

Said = Mapping[str, Any]
_STATES = {"created": ServiceState.CREATED, "running": ServiceState.STARTED, "paused": ServiceState.STARTED,
           "restarting": ServiceState.STARTED}  # fmt: skip
_NEVER = "0001-01-01"
_MIB = 1024**2


def handle_of(node: str, container: str) -> Handle:
    """Return the handle of a container."""
    return Handle(json.dumps({"node": node, "container": container}))


def parts_of(handle: Handle) -> tuple[str, str]:
    """Return the node and the container of a handle."""
    found = json.loads(handle)
    return found["node"], found["container"]


def who_of(labels: Mapping[str, str]) -> ServiceId | None:
    """Return which service a container is; None: it does not say."""
    try:
        return ServiceId(int(labels[SERVICE_LABEL]), int(labels[EXECUTION_LABEL]), labels[NAME_LABEL])
    except (KeyError, ValueError):
        return None


def from_listing(node: str, entry: Said) -> ServiceReport | None:
    """Read an entry of the list of containers; for one that has ended the list lacks the exit code."""
    who = who_of(entry["Labels"])
    if who is None:
        return None
    state = _STATES.get(entry["State"], ServiceState.DEAD)
    address = _address(entry) if state == ServiceState.STARTED else None
    return ServiceReport(who, handle_of(node, entry["Id"]), state, node, address)


def from_inspection(node: str, found: Said) -> ServiceReport | None:
    """Read all that an engine tells of one container."""
    who = who_of(found["Config"]["Labels"])
    if who is None:
        return None
    state, handle = found["State"], handle_of(node, found["Id"])
    known = _STATES.get(state["Status"], ServiceState.DEAD)
    if known != ServiceState.DEAD:
        return ServiceReport(who, handle, known, node, _address(found), at=_seconds(state["StartedAt"]))
    code, at = int(state["ExitCode"]), _seconds(state["FinishedAt"])
    if state["OOMKilled"] and code != 0:
        return ServiceReport(who, handle, ServiceState.OOM_KILLED, node, None, code, _out_of_memory(found), at)
    return ServiceReport(who, handle, ServiceState.DEAD, node, None, code, state.get("Error") or None, at)


def from_death(node: str, event: Said) -> ServiceReport | None:
    """Read the event of a container's end."""
    attributes = event["Actor"]["Attributes"]
    who = who_of(attributes)
    if who is None:
        return None
    handle, at = handle_of(node, event["Actor"]["ID"]), event["timeNano"] / 1e9
    return ServiceReport(who, handle, ServiceState.DEAD, node, None, int(attributes["exitCode"]), None, at)


def _address(found: Said) -> str | None:
    networks = (found.get("NetworkSettings") or {}).get("Networks") or {}
    return next((network["IPAddress"] for network in networks.values() if network.get("IPAddress")), None)


def _out_of_memory(found: Said) -> str:
    limit = found["HostConfig"].get("Memory") or 0
    of = f" of {limit / _MIB:.4g} MiB" if limit else ""
    return f"was killed because it used more memory than its limit{of}"


def _seconds(text: str) -> float | None:
    # Nine digits behind the point, of which Python reads six.
    if text.startswith(_NEVER):
        return None
    return datetime.fromisoformat(text[:19] + "+00:00").timestamp() + float("0" + text[19:].rstrip("Z") or 0)
