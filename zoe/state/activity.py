"""When executions were used last, as those who see it write it down: the gateway, and people who ask for more time.

Times are seconds since the epoch.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from zoe.errors import NotFoundError, RequestInvalidError
from zoe.state.database import Database

Kind = Literal["traffic", "proxy"]
"""What was seen: traffic that a person caused, or an attached `zoe proxy`."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What is known of one execution: when it was used last, until when it is to be kept, and its owner's role."""

    role: str
    traffic_at: float | None = None
    proxy_at: float | None = None
    lease_until: float | None = None
    lease_by: str | None = None

    @property
    def used_at(self) -> float | None:
        """When it was used last, in whatever way; None: nobody saw it used."""
        return max((at for at in (self.traffic_at, self.proxy_at) if at is not None), default=None)


_NOTE = """
INSERT INTO activity (execution_id, {column})
SELECT e.id, n.at FROM unnest(%s::bigint[], %s::float8[]) AS n(id, at) JOIN execution e ON e.id = n.id
WHERE e.status NOT IN ('terminated', 'error') ORDER BY e.id FOR KEY SHARE OF e
ON CONFLICT (execution_id) DO UPDATE SET {column} = greatest(activity.{column}, excluded.{column})
WHERE activity.{column} IS NULL OR activity.{column} < excluded.{column}
"""
_EXTEND = """
INSERT INTO activity (execution_id, lease_until, lease_by)
SELECT id, %s, %s FROM execution WHERE id = %s AND status NOT IN ('terminated', 'error') FOR KEY SHARE
ON CONFLICT (execution_id) DO UPDATE SET lease_by = excluded.lease_by,
    lease_until = greatest(activity.lease_until, excluded.lease_until)
RETURNING lease_until
"""
_READ = """
SELECT e.id, r.name, a.traffic_at, a.proxy_at, a.lease_until, a.lease_by
FROM execution e JOIN account u ON u.id = e.user_id JOIN role r ON r.id = u.role_id
    LEFT JOIN activity a ON a.execution_id = e.id
WHERE e.id = ANY(%s)
"""


def note_activity(database: Database, seen: Mapping[int, float], kind: Kind) -> None:
    """Write down when these executions were used; one statement for all. Those that have ended are left alone."""
    if seen:
        statement = _NOTE.format(column={"traffic": "traffic_at", "proxy": "proxy_at"}[kind])
        database.rows(statement, [list(seen), list(seen.values())])


def extend(database: Database, execution: int, until: float, who: str) -> float:
    """Have an execution kept until then, whether anybody works with it or not; return until when it is kept.

    Raises:
        NotFoundError, RequestInvalidError: there is no such execution; it has ended.

    """
    found = database.rows(_EXTEND, [until, who, execution])
    if found:
        return float(found[0][0])
    if not database.rows("SELECT 1 FROM execution WHERE id = %s", [execution]):
        raise NotFoundError(kind="execution", name=execution)
    raise RequestInvalidError([], "Execution is not running")


def activities(database: Database, executions: Collection[int]) -> dict[int, Activity]:
    """Return what is known of these executions."""
    rows = database.rows(_READ, [list(executions)]) if executions else []
    return {row[0]: Activity(*row[1:]) for row in rows}
