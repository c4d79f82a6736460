"""What the master reads of executions that have not ended, and the small facts it writes beside their life cycle."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from zoe.state.database import Database


@dataclass(frozen=True, slots=True)
class ActiveExecution:
    """A row of an execution that has not ended, with what the master needs of its owner.

    `description` is the JSON text of its ZApp.
    """

    id: int
    name: str
    user_id: int
    owner: str
    owner_uid: int
    priority: int
    description: str
    zapp_type: str | None
    secrets: Mapping[str, str] | None = field(repr=False)
    size: int
    runtime_limit: float
    opportunistic: bool
    time_submit: float
    time_start: float | None
    status: str
    outcome: str | None
    error_message: str | None
    stop_requested: float | None
    stop_reason: str | None
    backfill: str | None = None


@dataclass(frozen=True, slots=True)
class ActiveService:
    """A row of a service of an execution that has not ended."""

    id: int
    execution: int
    name: str
    group: str
    essential: bool
    startup_order: int
    cores: float
    memory: int
    gpus: int
    status: str
    backend_status: str
    node: str | None
    handle: str | None
    address: str | None
    dns_name: str | None
    exit_code: int | None
    error_message: str | None
    restart_count: int


@dataclass(frozen=True, slots=True)
class NodeRow:
    """A machine as it is to be shown: cores, bytes."""

    name: str
    cores: float
    memory: int
    gpus: int
    labels: Sequence[str]
    online: bool
    remarks: Sequence[str]
    cores_in_use: float
    memory_in_use: int


_EXECUTIONS = """
SELECT e.id, e.name, u.id, u.username, u.fs_uid, u.priority, e.description::text, e.zapp_type, e.secrets,
       e.size, e.runtime_limit,
       e.opportunistic, e.time_submit, e.time_start, e.status, e.outcome, e.error_message, e.stop_requested,
       e.stop_reason, e.backfill
FROM execution e JOIN account u ON u.id = e.user_id
WHERE {which} ORDER BY e.id
"""
_SERVICES = """
SELECT id, execution_id, name, service_group, essential, startup_order, cores, memory, gpus, status, backend_status,
       node, handle, address, dns_name, exit_code, error_message, restart_count
FROM service WHERE execution_id = ANY(%s) ORDER BY id
"""


Rows = list[tuple[ActiveExecution, list[ActiveService]]]


def submitted(database: Database, limit: int) -> Rows:
    """Return the oldest executions that the master has not taken up yet."""
    return _read(database, f"e.status = 'submitted' AND e.id IN ({_OLDEST})", [limit])


_OLDEST = "SELECT id FROM execution WHERE status = 'submitted' ORDER BY id LIMIT %s"


def unfinished(database: Database) -> Rows:
    """Return all executions that the master has taken up and that have not ended."""
    return _read(database, "e.status IN ('queued', 'starting', 'running', 'cleaning up')", [])


def _read(database: Database, which: str, parameters: list[object]) -> Rows:
    executions = [ActiveExecution(*row) for row in database.rows(_EXECUTIONS.format(which=which), parameters)]
    if not executions:
        return []
    services: dict[int, list[ActiveService]] = {execution.id: [] for execution in executions}
    for row in database.rows(_SERVICES, [list(services)]):
        services[row[1]].append(ActiveService(*row))
    return [(execution, services[execution.id]) for execution in executions]


def abandon_services(database: Database, execution: int) -> None:
    """Write off the services of an execution that nobody can go on with."""
    database.rows("UPDATE service SET status = 'error' WHERE execution_id = %s", [execution])


def to_stop(database: Database) -> dict[int, str]:
    """Return the executions that somebody wants stopped and that have not ended, each with the reason."""
    sql = """SELECT id, coalesce(stop_reason, 'stopped on request') FROM execution
             WHERE stop_requested IS NOT NULL AND status NOT IN ('terminated', 'error')"""
    return {row[0]: row[1] for row in database.rows(sql)}


def write_waits(database: Database, waits: Mapping[int, Mapping[str, object] | None]) -> None:
    """Store why these executions wait, or that nothing is known of it any more."""
    sql = """UPDATE execution e SET wait = w.wait, wait_reason = w.wait ->> 'reason'
             FROM unnest(%s::bigint[], %s::jsonb[]) AS w(id, wait) WHERE e.id = w.id AND e.status = 'queued'"""
    documents = [None if wait is None else json.dumps(wait) for wait in waits.values()]
    database.rows(sql, [list(waits), documents])


def quotas(database: Database, owners: Collection[str]) -> dict[str, tuple[int, float, int]]:
    """Return what these users may have at a time: executions, cores, bytes of memory; 0 is no limit."""
    sql = """SELECT username, concurrent_executions, q.cores, q.memory
             FROM account u JOIN quota q ON q.id = u.quota_id WHERE username = ANY(%s)"""
    return {row[0]: (row[1], row[2], row[3]) for row in database.rows(sql, [list(owners)])}


def held_by_ended(database: Database, after: float, until: float) -> list[tuple[str, float, int, int, float, float]]:
    """Return what regular executions held that ended in this time: owner, cores, bytes, GPUs, from when until when."""
    sql = """SELECT u.username, sum(s.cores), sum(s.memory)::bigint, sum(s.gpus)::int, e.time_start,
                 e.time_end
             FROM execution e JOIN account u ON u.id = e.user_id JOIN service s ON s.execution_id = e.id
             WHERE e.time_start IS NOT NULL AND NOT e.opportunistic AND e.time_end > %s AND e.time_end <= %s
             GROUP BY e.id, u.username"""
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in database.rows(sql, [after, until])]


def expected_runtimes(database: Database, executions: Collection[int]) -> dict[int, tuple[float, float, float]]:
    """Return how long these executions will run in all, as the last runs of the same ZApp by the same user tell.

    Seconds: the median, and the bounds of the middle four fifths. Who has run it less than three times is left out.
    """
    rows = database.rows(_RUNTIMES, [list(executions)])
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


_RUNTIMES = """
SELECT e.id, percentile_cont(0.5) WITHIN GROUP (ORDER BY ran), percentile_cont(0.1) WITHIN GROUP (ORDER BY ran),
       percentile_cont(0.9) WITHIN GROUP (ORDER BY ran)
FROM execution e CROSS JOIN LATERAL (
    SELECT p.time_end - p.time_start AS ran FROM execution p
    WHERE p.user_id = e.user_id AND p.description ->> 'name' = e.description ->> 'name'
        AND p.status = 'terminated' AND p.time_start IS NOT NULL
    ORDER BY p.id DESC LIMIT 20
) AS past
WHERE e.id = ANY(%s) GROUP BY e.id HAVING count(*) >= 3
"""


def write_progress(database: Database, progress: Mapping[int, Mapping[str, object]]) -> None:
    """Store how far these executions are."""
    sql = """UPDATE execution e SET progress = p.progress FROM unnest(%s::bigint[], %s::jsonb[]) AS p(id, progress)
             WHERE e.id = p.id"""
    database.rows(sql, [list(progress), [json.dumps(entry) for entry in progress.values()]])


def write_nodes(database: Database, nodes: Collection[NodeRow], now: float) -> None:
    """Store the machines as they were just reported; those that are not among them are forgotten."""
    upsert = """INSERT INTO node (name, cores, memory, gpus, labels, online, remarks, cores_in_use, memory_in_use, seen)
                VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
                ON CONFLICT (name) DO UPDATE SET cores = excluded.cores, memory = excluded.memory,
                    gpus = excluded.gpus, labels = excluded.labels, online = excluded.online,
                    remarks = excluded.remarks, cores_in_use = excluded.cores_in_use,
                    memory_in_use = excluded.memory_in_use, seen = excluded.seen"""
    with database.transaction():
        database.rows("DELETE FROM node WHERE NOT name = ANY(%s)", [[node.name for node in nodes]])
        for node in nodes:
            labels, remarks = json.dumps(list(node.labels)), json.dumps(list(node.remarks))
            row = [node.name, node.cores, node.memory, node.gpus, labels, node.online, remarks]
            database.rows(upsert, [*row, node.cores_in_use, node.memory_in_use, now])


def try_to_lead(database: Database, lock: int) -> bool:
    """Try to become the one master: holds as long as this thread's connection lives."""
    return bool(database.rows("SELECT pg_try_advisory_lock(%s)", [lock])[0][0])
