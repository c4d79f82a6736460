"""Executions as the event streams tell them: as the API shows them, without their ZApp, with their services' states."""

from collections.abc import Collection
from typing import Any

from zoe.state import executions
from zoe.state.database import Database

_LEFT_OUT = frozenset({"description", "parameters"})
_COLUMNS = ("id", "name", "service_group", "essential", "status", "restart_count", "exit_code", "error_message", "node")
_SERVICES = f"SELECT execution_id, {', '.join(_COLUMNS)} FROM service WHERE execution_id = ANY(%s) ORDER BY id"  # noqa: S608 - constants only
_ACTIVE = "SELECT id FROM execution WHERE status NOT IN ('terminated', 'error') AND (%s OR user_id = %s)"
_ENDED_SINCE = "SELECT id FROM execution WHERE time_end >= %s AND (%s OR user_id = %s)"


def summaries(database: Database, ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Return the executions of these ids that there are: `states` are their services, each with its status."""
    found = executions.named(database, ids)
    states: dict[int, list[dict[str, Any]]] = {}
    for execution, *row in database.rows(_SERVICES, [list(ids)]):
        told = dict(zip(_COLUMNS, row, strict=True))
        states.setdefault(execution, []).append(told | {"backend_host": told.pop("node")})
    return {one["id"]: _summary(one) | {"states": states.get(one["id"], [])} for one in found}


def active(database: Database, owner: int | None) -> list[int]:
    """Return the executions that have not ended: of a user, or of all."""
    return [row[0] for row in database.rows(_ACTIVE, [owner is None, owner])]


def ended_since(database: Database, at: float, owner: int | None) -> list[int]:
    """Return the executions that have ended since then (seconds since the epoch): of a user, or of all."""
    return [row[0] for row in database.rows(_ENDED_SINCE, [at, owner is None, owner])]


def _summary(one: dict[str, Any]) -> dict[str, Any]:
    return {key: told for key, told in one.items() if key not in _LEFT_OUT}
