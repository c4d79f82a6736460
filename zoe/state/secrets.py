"""What a deployment makes for itself once and keeps: its id, the key of its cookies, the keys of its bus."""

from collections.abc import Callable

from zoe.state.database import Database


def keep(database: Database, name: str, make: Callable[[], str]) -> str:
    """Return the secret of this name; the first that asks makes it, all others get the same."""
    with database.transaction():
        found = database.rows("SELECT content FROM secret WHERE name = %s", [name])
        if not found:
            sql = "INSERT INTO secret (name, content) VALUES (%s, %s) ON CONFLICT (name) DO NOTHING"
            database.rows(sql, [name, make()])
            found = database.rows("SELECT content FROM secret WHERE name = %s", [name])
    return str(found[0][0])
