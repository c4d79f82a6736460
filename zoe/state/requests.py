"""What the API may write of executions: new ones, the wish to stop one, and that an ended one be forgotten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from peewee import IntegrityError
from psycopg2.extras import Json

from zoe.errors import NotFoundError, NotSignedInError, QuotaExceededError, RequestInvalidError
from zoe.state.accounts import Account, Limits
from zoe.state.database import Database


@dataclass(frozen=True, slots=True)
class NewService:
    """A service of an execution to be, and what it reserves: cores, bytes, GPUs."""

    name: str
    group: str
    core: bool
    startup_order: int
    cores: float
    memory: int
    gpus: int


@dataclass(frozen=True, slots=True)
class Submission:
    """An execution to be; `description` is its ZApp in format 3, `at` in seconds since the epoch."""

    account: Account
    name: str
    description: Mapping[str, object]
    size: int
    services: Sequence[NewService]
    at: float
    zapp_type: str | None = None
    parameters: Mapping[str, object] | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    refuse_over_quota: bool = True
    opportunistic: bool = False


# One statement, so that a submission without a quota costs one round trip and one commit.
_SUBMIT = """
WITH e AS (
    INSERT INTO execution
        (user_id, name, description, zapp_type, parameters, secrets, size, runtime_limit, time_submit, opportunistic,
        status)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'submitted') RETURNING id
), s AS (
    INSERT INTO service (execution_id, name, service_group, essential, startup_order, cores, memory, gpus,
        status, backend_status, restart_count)
    SELECT e.id, n.name, n.service_group, n.essential, n.startup_order, n.cores, n.memory, n.gpus,
        'created', 'undefined', 0
    FROM e, unnest(%s::text[], %s::text[], %s::bool[], %s::int[], %s::float8[], %s::bigint[], %s::int[])
        WITH ORDINALITY AS n(name, service_group, essential, startup_order, cores, memory, gpus, place)
    ORDER BY n.place
)
SELECT id FROM e
"""
_IN_USE = """
SELECT count(DISTINCT e.id), coalesce(sum(s.cores), 0), coalesce(sum(s.memory), 0)
FROM execution AS e LEFT JOIN service AS s ON s.execution_id = e.id AND s.essential
WHERE e.user_id = %s AND NOT e.opportunistic AND e.status NOT IN ('terminated', 'error')
"""
_STOP = """
UPDATE execution SET stop_requested = coalesce(stop_requested, %s), stop_reason = coalesce(stop_reason, %s)
WHERE id = %s AND status NOT IN ('terminated', 'error') RETURNING id
"""
_FORGET = "DELETE FROM execution WHERE id = %s AND status IN ('terminated', 'error') RETURNING id"


def submit(database: Database, submission: Submission) -> int:
    """Store an execution with its services, if the quota allows it, and return its id.

    Raises:
        QuotaExceededError: with one sentence about what there is too much of.
        NotSignedInError: the user has been deleted meanwhile.

    """
    try:
        if not _counts(submission):
            return _insert(database, submission)
        with database.transaction():
            _check_quota(database, submission)
            return _insert(database, submission)
    except IntegrityError as error:
        raise NotSignedInError("This user does not exist any more.") from error


def request_stop(database: Database, execution_id: int, at: float, reason: str) -> None:
    """Write the wish that an execution be stopped; asking twice changes nothing."""
    if not database.rows(_STOP, [at, reason, execution_id]):
        _check_existence(database, execution_id)
        raise RequestInvalidError([], "Execution is not running")


def forget(database: Database, execution_id: int) -> None:
    """Delete an execution that has ended, with its services and events."""
    if not database.rows(_FORGET, [execution_id]):
        _check_existence(database, execution_id)
        raise RequestInvalidError([], "Cannot delete an active execution")


def _check_existence(database: Database, execution_id: int) -> None:
    if not database.rows("SELECT 1 FROM execution WHERE id = %s", [execution_id]):
        raise NotFoundError(kind="execution", name=execution_id)


def _counts(submission: Submission) -> bool:
    # What runs on leftovers alone takes nothing away from anybody.
    return submission.refuse_over_quota and not submission.opportunistic and _finite(submission.account.limits)


def _finite(limits: Limits) -> bool:
    return bool(limits.executions or limits.cores or limits.memory)


def _insert(database: Database, submission: Submission) -> int:
    account = submission.account
    columns = zip(
        *((s.name, s.group, s.core, s.startup_order, s.cores, s.memory, s.gpus) for s in submission.services),
        strict=True,
    )
    execution = [
        account.id,
        submission.name,
        Json(submission.description),
        submission.zapp_type,
        None if submission.parameters is None else Json(submission.parameters),
        Json(submission.secrets) if submission.secrets else None,
        submission.size,
        0 if submission.opportunistic else account.limits.runtime * 3600,
        submission.at,
        submission.opportunistic,
    ]
    return int(database.rows(_SUBMIT, [*execution, *map(list, columns)])[0][0])


def _check_quota(database: Database, submission: Submission) -> None:
    account, limits = submission.account, submission.account.limits
    # One user's submissions are counted one after the other; a lock of the row itself would meet its other readers.
    database.rows("SELECT pg_advisory_xact_lock(hashtextextended('zoe quota', %s))", [account.id])
    executions, cores, memory = database.rows(_IN_USE, [account.id])[0]
    core = [service for service in submission.services if service.core]
    if limits.executions and executions >= limits.executions:
        raise QuotaExceededError(limit=limits.executions, what="executions")
    if limits.cores and cores + sum(service.cores for service in core) > limits.cores + 1e-6:
        raise QuotaExceededError(limit=f"{limits.cores:g}", what="cores")
    if limits.memory and memory + sum(service.memory for service in core) > limits.memory:
        raise QuotaExceededError(limit=f"{limits.memory / 2**30:g}", what="GiB of memory")
