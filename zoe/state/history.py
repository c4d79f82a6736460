"""What has run here, for a simulation. Reading only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zoe.state.database import Database


@dataclass(frozen=True, slots=True)
class PastGroup:
    """Services of one group that reserved the same; `cores`, `memory` (bytes) and `gpus` are of one of them."""

    name: str
    count: int
    core: bool
    cores: float
    memory: int
    gpus: int


@dataclass(frozen=True, slots=True)
class PastExecution:
    """An execution that ran and has ended. Times: seconds since the epoch.

    `will_end`: False for one that runs until somebody stops it, such as a notebook.
    """

    id: int
    owner: str
    submitted: float
    started: float
    ended: float
    size: int
    priority: int
    will_end: bool
    groups: Sequence[PastGroup]


@dataclass(frozen=True, slots=True)
class PastNode:
    """A machine as it is now: cores, bytes."""

    name: str
    cores: float
    memory: int
    gpus: int
    labels: Sequence[str]


_EXECUTIONS = """
SELECT e.id, u.username, e.time_submit, e.time_start, e.time_end, e.size, u.priority,
       coalesce((e.description ->> 'will_end')::boolean, true)
FROM execution e JOIN account u ON u.id = e.user_id
WHERE e.status IN ('terminated', 'error') AND e.time_start IS NOT NULL AND e.time_end IS NOT NULL
ORDER BY e.id DESC LIMIT %s
"""
_GROUPS = """
SELECT execution_id, service_group, count(*), essential, cores, memory, gpus
FROM service WHERE execution_id = ANY(%s) GROUP BY execution_id, service_group, essential, cores, memory, gpus
ORDER BY execution_id, min(id)
"""


def past_executions(database: Database, limit: int) -> list[PastExecution]:
    """Return the last executions that ran and have ended, at most `limit`, the oldest first."""
    rows = database.rows(_EXECUTIONS, [limit])
    groups: dict[int, list[PastGroup]] = {row[0]: [] for row in rows}
    for execution, *group in database.rows(_GROUPS, [list(groups)]):
        groups[execution].append(_group(*group))
    return [PastExecution(*(*row, groups[row[0]])) for row in reversed(rows)]


def present_nodes(database: Database) -> list[PastNode]:
    """Return the machines that are online."""
    rows = database.rows("SELECT name, cores, memory, gpus, labels FROM node WHERE online ORDER BY name")
    return [PastNode(*row) for row in rows]


def _group(*columns: Any) -> PastGroup:
    name, count, core, cores, memory, gpus = columns
    return PastGroup(name, count, core, cores, int(memory), gpus)
