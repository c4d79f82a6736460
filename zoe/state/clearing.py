"""Which ended executions may have left something behind, until their ZApp type has cleared it away."""

from collections.abc import Collection
from dataclasses import dataclass

from zoe.state.database import Database


@dataclass(frozen=True, slots=True)
class Owed:
    """An execution that is over for good, and may have left something in its owner's workspace."""

    execution: int
    owner: str
    zapp_type: str


_OWE = """
INSERT INTO clearing (execution_id, owner, zapp_type)
SELECT e.id, u.username, e.zapp_type FROM execution e JOIN account u ON u.id = e.user_id
WHERE e.id = ANY(%s) AND e.zapp_type = ANY(%s) AND e.status IN ('terminated', 'error')
ON CONFLICT (execution_id) DO NOTHING RETURNING execution_id, owner, zapp_type
"""


def owe(database: Database, executions: Collection[int], zapp_types: Collection[str]) -> list[Owed]:
    """Write down those of the executions that are of these ZApp types; to be called in the transaction of their end."""
    return [Owed(*row) for row in database.rows(_OWE, [list(executions), list(zapp_types)])]


def owed(database: Database, zapp_types: Collection[str]) -> list[Owed]:
    """Return all that was written down and not cleared away yet, of these ZApp types."""
    sql = "SELECT execution_id, owner, zapp_type FROM clearing WHERE zapp_type = ANY(%s) ORDER BY execution_id"
    return [Owed(*row) for row in database.rows(sql, [list(zapp_types)])]


def cleared(database: Database, executions: Collection[int]) -> None:
    """Strike out what was cleared away."""
    database.rows("DELETE FROM clearing WHERE execution_id = ANY(%s)", [list(executions)])
