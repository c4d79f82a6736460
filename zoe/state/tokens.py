"""API tokens: passwords for scripts, of which only a digest is kept."""

from dataclasses import astuple, dataclass
from typing import Any

from zoe.errors import NotFoundError
from zoe.state.database import Database

MOST_TOKENS = 100
"""Of one user."""


def tokens(database: Database, user_id: int) -> list[dict[str, Any]]:
    """Return a user's tokens, oldest first, without their secrets; times in seconds since the epoch."""
    columns = ("id", "name", "created", "expires")
    rows = database.rows("SELECT id, name, created, expires FROM token WHERE user_id = %s ORDER BY id", [user_id])
    return [dict(zip(columns, row, strict=True)) for row in rows]


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token to be; times in seconds since the epoch, `digest` the SHA-256 of its secret."""

    user_id: int
    name: str
    digest: str
    created: float
    expires: float | None


def add_token(database: Database, new: NewToken) -> int:
    """Store a token and return its id."""
    sql = "INSERT INTO token (user_id, name, digest, created, expires) VALUES (%s, %s, %s, %s, %s) RETURNING id"
    return int(database.rows(sql, astuple(new))[0][0])


def delete_token(database: Database, user_id: int, token_id: int) -> None:
    """Make one of the user's tokens worthless."""
    if not database.rows("DELETE FROM token WHERE id = %s AND user_id = %s RETURNING id", [token_id, user_id]):
        raise NotFoundError(kind="token", name=token_id)
