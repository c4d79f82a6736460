"""What the master makes of executions that nobody uses: the rows that outlive it, and what the API shows of them."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zoe.state.database import Database


@dataclass(frozen=True, slots=True)
class IdleRow:
    """How long an execution has been idle, as `zoe.master.idle.Clock` has it, and what is shown of that."""

    execution: int
    since: float
    unseen: float
    looked_at: float
    resting: bool
    announced: bool
    shown: Mapping[str, Any]


_WRITE = """
INSERT INTO idle (execution_id, since, unseen, looked_at, resting, announced, shown)
SELECT n.* FROM unnest(%s::bigint[], %s::float8[], %s::float8[], %s::float8[], %s::bool[], %s::bool[], %s::jsonb[])
    AS n(id, since, unseen, looked_at, resting, announced, shown)
ON CONFLICT (execution_id) DO UPDATE SET since = excluded.since, unseen = excluded.unseen,
    looked_at = excluded.looked_at, resting = excluded.resting, announced = excluded.announced, shown = excluded.shown
"""
_ANNOUNCE = "SELECT zoe_announce('executions', %s::bigint[])"


def idle_rows(database: Database, executions: Collection[int]) -> list[IdleRow]:
    """Return what an earlier master wrote of these executions."""
    columns = "execution_id, since, unseen, looked_at, resting, announced, shown"
    rows = database.rows(f"SELECT {columns} FROM idle WHERE execution_id = ANY(%s)", [list(executions)])  # noqa: S608 - constants only
    return [IdleRow(*row) for row in rows]


def write_idle(database: Database, rows: Sequence[IdleRow], gone: Collection[int]) -> None:
    """Store where these executions stand, and forget those in `gone`: they are used, or have ended."""
    with database.transaction():
        if gone:
            database.rows("DELETE FROM idle WHERE execution_id = ANY(%s)", [list(gone)])
        if rows:
            database.rows(_WRITE, _columns(rows))
        if gone or rows:
            database.rows(_ANNOUNCE, [[*gone, *(row.execution for row in rows)]])


def looked_again(database: Database, looks: Mapping[int, float]) -> None:
    """Store when these executions were looked at last, and nothing had changed."""
    sql = """UPDATE idle SET looked_at = n.at FROM unnest(%s::bigint[], %s::float8[]) AS n(id, at)
             WHERE execution_id = n.id"""
    database.rows(sql, [list(looks), list(looks.values())])


def _columns(rows: Sequence[IdleRow]) -> list[list[object]]:
    columns: list[list[object]] = [
        [row.execution for row in rows],
        [row.since for row in rows],
        [row.unseen for row in rows],
        [row.looked_at for row in rows],
        [row.resting for row in rows],
        [row.announced for row in rows],
        [json.dumps(dict(row.shown)) for row in rows],
    ]
    return columns
