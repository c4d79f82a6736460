"""The life of an execution and of its services: which steps there are, and how they are written.

A step is compare-and-set (`UPDATE ... WHERE status = before`) with an event row beside it; the steps of one tick
are written together, in one transaction of a few statements over sets.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum

from zoe.state.database import Database


class Status(StrEnum):
    """Where an execution is: the words of API 0.7."""

    SUBMITTED = "submitted"
    QUEUED = "queued"
    STARTING = "starting"
    RUNNING = "running"
    CLEANING_UP = "cleaning up"
    TERMINATED = "terminated"
    ERROR = "error"


class ServiceStatus(StrEnum):
    """Where a service is: the words of API 0.7."""

    CREATED = "created"
    RUNNABLE = "runnable"
    STARTING = "starting"
    ACTIVE = "active"
    TERMINATING = "terminating"
    INACTIVE = "inactive"
    ERROR = "error"


ENDED = frozenset({Status.TERMINATED, Status.ERROR})

STEPS: dict[Status, frozenset[Status]] = {
    Status.SUBMITTED: frozenset({Status.QUEUED, Status.TERMINATED, Status.ERROR}),
    Status.QUEUED: frozenset({Status.STARTING, Status.TERMINATED, Status.ERROR}),
    Status.STARTING: frozenset({Status.RUNNING, Status.CLEANING_UP}),
    Status.RUNNING: frozenset({Status.CLEANING_UP}),
    Status.CLEANING_UP: frozenset({Status.TERMINATED, Status.ERROR, Status.QUEUED}),
    Status.TERMINATED: frozenset(),
    Status.ERROR: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an execution; what is None stays as it is. `at`: seconds since the epoch."""

    execution: int
    before: Status
    after: Status
    at: float
    reason: str | None = None
    outcome: Status | None = None
    exit_code: int | None = None
    error_message: str | None = None

    def __post_init__(self) -> None:
        if self.after not in STEPS[self.before]:
            raise ValueError(f"an execution cannot go from {self.before} to {self.after}")


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """All that the master writes of a service, as it is to be from now on."""

    id: int
    status: ServiceStatus
    backend_status: str
    node: str | None
    handle: str | None
    address: str | None
    dns_name: str | None
    exit_code: int | None
    error_message: str | None
    restart_count: int


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth telling about a service of an execution."""

    execution: int
    service: str | None
    at: float
    reason: str


_MOVE = """
UPDATE execution AS e SET
    status = s.after,
    time_start = CASE WHEN s.started THEN coalesce(e.time_start, s.at) ELSE e.time_start END,
    time_end = CASE WHEN s.after IN ('terminated', 'error') THEN s.at END,
    outcome = CASE WHEN s.after = 'queued' THEN NULL ELSE coalesce(s.outcome, e.outcome) END,
    exit_code = coalesce(s.exit_code, e.exit_code),
    error_message = coalesce(s.error_message, e.error_message),
    secrets = CASE WHEN s.after NOT IN ('terminated', 'error') THEN e.secrets END,
    wait_reason = CASE WHEN s.after = 'queued' THEN e.wait_reason END,
    wait = CASE WHEN s.after = 'queued' THEN e.wait END
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::float8[], %s::bool[], %s::text[], %s::int[], %s::text[])
    AS s(id, before, after, at, started, outcome, exit_code, error_message)
WHERE e.id = s.id AND e.status = s.before
RETURNING e.id
"""

_RECORD = """
INSERT INTO event (execution_id, service, at, before, after, reason)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::float8[], %s::text[], %s::text[], %s::text[])
"""

_SERVICES = """
UPDATE service AS v SET
    status = s.status, backend_status = s.backend_status, node = s.node, handle = s.handle, address = s.address,
    dns_name = s.dns_name, exit_code = s.exit_code, error_message = s.error_message, restart_count = s.restart_count
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::int[],
            %s::text[], %s::int[])
    AS s(id, status, backend_status, node, handle, address, dns_name, exit_code, error_message, restart_count)
WHERE v.id = s.id
"""


def write(
    database: Database, steps: Sequence[Step], services: Collection[ServiceRow] = (), notes: Sequence[Note] = ()
) -> set[int]:
    """Write what one tick decided, in one transaction; return the executions whose steps were made.

    Several steps of one execution follow each other in `steps`. An execution that is not where its first step begins
    (somebody else moved or deleted it) is left alone and missing from the answer.
    """
    with database.transaction():
        moved = _move(database, steps) if steps else set()
        _record(database, [step for step in steps if step.execution in moved], notes)
        if services:
            database.rows(_SERVICES, _columns(list(services)))
    return moved


def _move(database: Database, steps: Sequence[Step]) -> set[int]:
    chains: dict[int, list[Step]] = {}
    for step in steps:
        chains.setdefault(step.execution, []).append(step)
    rows = [_joined(chain) for chain in chains.values()]
    return {row[0] for row in database.rows(_MOVE, [list(column) for column in zip(*rows, strict=True)])}


def _joined(chain: Sequence[Step]) -> tuple[object, ...]:
    def last(values: list[object]) -> object:
        return next((value for value in reversed(values) if value is not None), None)

    return (
        chain[0].execution,
        chain[0].before,
        chain[-1].after,
        chain[-1].at,
        any(step.after == Status.STARTING for step in chain),
        last([step.outcome for step in chain]),
        last([step.exit_code for step in chain]),
        last([step.error_message for step in chain]),
    )


def _record(database: Database, steps: Sequence[Step], notes: Sequence[Note]) -> None:
    rows = [(s.execution, None, s.at, s.before, s.after, s.reason) for s in steps]
    rows += [(n.execution, n.service, n.at, None, None, n.reason) for n in notes]  # type: ignore[misc]
    if rows:
        database.rows(_RECORD, [list(column) for column in zip(*rows, strict=True)])


def _columns(services: Sequence[ServiceRow]) -> list[list[object]]:
    return [[getattr(service, field.name) for service in services] for field in fields(ServiceRow)]
