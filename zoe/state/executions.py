"""Executions and their services as the API shows them. Reading only."""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from zoe.errors import NotFoundError
from zoe.state.database import Database

WAITING = ("submitted", "queued")
_COLUMNS = (
    "id",
    "user_id",
    "name",
    "description",
    "time_submit",
    "time_start",
    "time_end",
    "status",
    "error_message",
    "size",
    "wait_reason",
    "wait",
    "progress",
    "exit_code",
    "zapp_type",
    "parameters",
    "opportunistic",
    "backfill",
)
_COMPUTED: Mapping[str, str] = {
    "ends_at": "CASE WHEN runtime_limit > 0 AND status IN ('starting', 'running') THEN time_start + runtime_limit END",
    "idle": "CASE WHEN status = 'running' THEN (SELECT shown FROM idle WHERE execution_id = execution.id) END",
}
_NAMES = (*_COLUMNS, *_COMPUTED)
_SELECT = f"SELECT {', '.join((*_COLUMNS, *_COMPUTED.values()))} FROM execution"  # noqa: S608 - constants only
_SERVICES = """
SELECT execution_id, array_agg(id ORDER BY id) FROM service WHERE execution_id = ANY(%s) GROUP BY execution_id
"""
CONDITIONS: Mapping[str, str] = {
    "status": "status = %s",
    "name": "name = %s",
    "user_id": "user_id = %s",
    "earlier_than_submit": "time_submit < %s",
    "earlier_than_start": "time_start < %s",
    "earlier_than_end": "time_end < %s",
    "later_than_submit": "time_submit > %s",
    "later_than_start": "time_start > %s",
    "later_than_end": "time_end > %s",
    "before": "id < %s",
}
"""The filters of a listing, all of them met by what is listed."""


def executions(
    database: Database, filters: Mapping[str, object], limit: int | None = None, owner: int | None = None
) -> list[dict[str, Any]]:
    """Return what meets all filters, newest first; only the executions of `owner`, and at most `limit`, if given."""
    conditions = [CONDITIONS[name] for name in filters] + ["user_id = %s"] * (owner is not None)
    parameters = [*filters.values(), *([owner] if owner is not None else [])]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return _shown(database, database.rows(f"{_SELECT}{where} ORDER BY id DESC LIMIT %s", [*parameters, limit]))


def execution(database: Database, execution_id: int) -> dict[str, Any]:
    """Return one execution."""
    found = _shown(database, database.rows(f"{_SELECT} WHERE id = %s", [execution_id]))
    if not found:
        raise NotFoundError(kind="execution", name=execution_id)
    return found[0]


def named(database: Database, ids: Collection[int]) -> list[dict[str, Any]]:
    """Return the executions of these ids that there are, oldest first."""
    return _shown(database, database.rows(f"{_SELECT} WHERE id = ANY(%s) ORDER BY id", [list(ids)]))


def owner_of(database: Database, execution_id: int) -> int:
    """Return the id of the user whose execution this is."""
    rows = database.rows("SELECT user_id FROM execution WHERE id = %s", [execution_id])
    if not rows:
        raise NotFoundError(kind="execution", name=execution_id)
    return int(rows[0][0])


def events(database: Database, execution_id: int) -> list[dict[str, Any]]:
    """Return what happened to an execution, its submission first."""
    columns = ("service", "at", "before", "after", "reason")
    rows = database.rows(
        "SELECT NULL, time_submit, NULL, 'submitted', NULL, 0 FROM execution WHERE id = %s UNION ALL "
        "SELECT service, at, before, after, reason, id FROM event WHERE execution_id = %s ORDER BY 6",
        [execution_id, execution_id],
    )
    return [dict(zip(columns, row[:5], strict=True)) for row in rows]


def _shown(database: Database, rows: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    found = [dict(zip(_NAMES, row, strict=True)) for row in rows]
    services = dict(database.rows(_SERVICES, [[one["id"] for one in found]])) if found else {}
    for one in found:
        one["services"] = services.get(one["id"], [])
    _tell_queue(database, [one for one in found if one["status"] in WAITING and not one["wait_reason"]])
    return found


def _tell_queue(database: Database, waiting: Sequence[dict[str, Any]]) -> None:
    """Give those that wait for no reason of their own the length of the queue before them."""
    if not waiting:
        return
    last = max(one["id"] for one in waiting)
    queue = database.rows("SELECT id FROM execution WHERE status IN %s AND id < %s ORDER BY id", [WAITING, last])
    ids = [row[0] for row in queue]
    for one in waiting:
        one["wait_reason"] = queue_sentence(bisect_left(ids, one["id"]))


def queue_sentence(ahead: int) -> str:
    """Say how many wait ahead of an execution."""
    if ahead == 0:
        return "It is the next in the queue."
    return "1 execution waits ahead of it." if ahead == 1 else f"{ahead} executions wait ahead of it."
