"""What the cluster does at present: queues, nodes, and what is reserved on each."""

from dataclasses import dataclass
from typing import Any

from zoe.state.database import Database

_QUEUES = {
    "submitted": "queue",
    "queued": "queue",
    "starting": "running_queue",
    "running": "running_queue",
    "cleaning up": "termination_queue",
}
_ACTIVE = "SELECT id, status FROM execution WHERE status NOT IN ('terminated', 'error') ORDER BY id"
# What runs is counted from what Zoe itself decided, never from what an engine reported some time ago. What has died
# holds nothing, though it is still to be cleared away.
_NODES = """
SELECT n.name, n.online, n.cores, n.memory, n.gpus, n.labels, n.remarks, n.cores_in_use, n.memory_in_use, n.seen,
    count(s.id), coalesce(sum(s.cores), 0), coalesce(sum(s.memory), 0), coalesce(sum(s.gpus), 0)
FROM node AS n LEFT JOIN service AS s ON s.node = n.name AND s.status IN ('starting', 'active', 'terminating')
    AND s.backend_status NOT IN ('dead', 'oom-killed', 'destroyed')
GROUP BY n.id ORDER BY n.name
"""


def queues(database: Database) -> dict[str, list[int]]:
    """Return the ids of all executions that have not ended, by what they wait for."""
    found: dict[str, list[int]] = {"queue": [], "running_queue": [], "termination_queue": []}
    for number, status in database.rows(_ACTIVE):
        found[_QUEUES[status]].append(number)
    return found


def active_counts(database: Database) -> dict[str, int]:
    """Return how many executions have not ended, by status."""
    counted = "SELECT status, count(*) FROM execution WHERE status NOT IN ('terminated', 'error') GROUP BY status"
    return {status: int(count) for status, count in database.rows(counted)}


@dataclass(frozen=True, slots=True)
class Machine:
    """A node's size: cores, bytes, GPUs."""

    name: str
    cores: float
    memory: int
    gpus: int
    labels: list[str]


def machines(database: Database) -> list[Machine]:
    """Return how large the nodes are, those that are offline just now included."""
    return [Machine(*row) for row in database.rows("SELECT name, cores, memory, gpus, labels FROM node")]


def nodes(database: Database) -> list[dict[str, Any]]:
    """Return the nodes in the words of API 0.7. Cores, bytes."""
    return [_node(*row) for row in database.rows(_NODES)]


def _node(  # noqa: PLR0913, PLR0917 - one for each column of the statement above
    name: str,
    online: bool,
    cores: float,
    memory: int,
    gpus: int,
    labels: list[str],
    remarks: list[str],
    cores_in_use: float,
    memory_in_use: int,
    seen: float,
    count: int,
    cores_reserved: float,
    memory_reserved: int,
    gpus_reserved: int,
) -> dict[str, Any]:
    return {
        "name": name,
        "status": "online" if online else "offline",
        "container_count": count,
        "cores_total": cores,
        "cores_reserved": cores_reserved,
        "cores_allocated": cores_reserved,
        "cores_in_use": cores_in_use,
        "memory_total": memory,
        "memory_reserved": int(memory_reserved),
        "memory_allocated": int(memory_reserved),
        "memory_in_use": memory_in_use,
        "gpus_total": gpus,
        "gpus_reserved": int(gpus_reserved),
        "labels": labels,
        "remarks": remarks,
        "seen": seen,
        "service_stats": {},
        "images": [],
    }


def platform(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Add the nodes up: what there is and what is taken of it, on those that are online."""
    sums = (
        "memory_total",
        "cores_total",
        "memory_reserved",
        "cores_reserved",
        "memory_in_use",
        "cores_in_use",
    )
    online = [node for node in found if node["status"] == "online"]
    added = {name: sum(node[name] for node in online) for name in sums}
    return added | {"container_count": sum(node["container_count"] for node in found), "nodes": found}


_ACTIVE_SIZES = """
SELECT e.id, e.user_id, e.name, e.status, e.opportunistic, e.time_submit, (e.wait ->> 'position')::int,
    coalesce(sum(s.cores), 0), coalesce(sum(s.memory), 0)::bigint
FROM execution AS e LEFT JOIN service AS s ON s.execution_id = e.id AND (s.essential
    OR s.status IN ('starting', 'active', 'terminating'))
WHERE e.status NOT IN ('terminated', 'error') GROUP BY e.id
ORDER BY (e.wait ->> 'position')::int NULLS LAST, e.id LIMIT %s
"""
_SIZE_COLUMNS = ("id", "user_id", "name", "status", "opportunistic", "time_submit", "position", "cores", "memory")


def active_sizes(database: Database, limit: int = 1000) -> list[dict[str, Any]]:
    """Return what has not ended, in the order of the queue as far as it is known: cores, bytes; `waits` to start."""
    rows = [dict(zip(_SIZE_COLUMNS, row, strict=True)) for row in database.rows(_ACTIVE_SIZES, [limit])]
    return [row | {"waits": row["status"] in {"submitted", "queued"}} for row in rows]
