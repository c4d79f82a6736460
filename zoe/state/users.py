"""Users as the API shows, makes and changes them."""

from collections.abc import Mapping
from typing import Any

from peewee import IntegrityError

from zoe.errors import ConflictError, Fault, NotFoundError, RequestInvalidError
from zoe.state.accounts import FIRST_UID
from zoe.state.database import Database
from zoe.state.models import Execution, Quota, Role, Token, User

ENDED = ("terminated", "error")
NEXT_FREE = -1
_SHOWN = (
    User.id,
    User.username,
    User.fs_uid,
    User.email,
    User.priority,
    User.enabled,
    User.auth_source,
    User.quota.alias("quota_id"),
    User.role.alias("role_id"),
)


def users(database: Database, filters: Mapping[str, object]) -> list[dict[str, Any]]:
    """Return the users whose columns have these values, without their passwords."""
    query = User.select(*_SHOWN).order_by(User.id)
    for name, wanted in filters.items():
        query = query.where(getattr(User, name) == wanted)
    return [dict(row) for row in query.dicts().execute(database.peewee)]


def user(database: Database, user_id: int) -> dict[str, Any]:
    """Return one user."""
    found = users(database, {"id": user_id})
    if not found:
        raise NotFoundError(kind="user", name=user_id)
    return found[0]


def add_user(database: Database, columns: Mapping[str, object]) -> int:
    """Store a new user and return the id; `fs_uid` -1 takes the next that is free."""
    with database.transaction():
        _check_references(database, columns)
        # Two at once must not be given the same number.
        database.rows("LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE")
        wanted = dict(columns)
        if wanted["fs_uid"] == NEXT_FREE:
            wanted["fs_uid"] = _next_uid(database)
        return int(_written(User.insert(wanted), database, wanted))


def change_user(database: Database, user_id: int, columns: Mapping[str, object]) -> None:
    """Change these columns of a user."""
    with database.transaction():
        user(database, user_id)
        _check_references(database, columns)
        if columns:
            _written(User.update(dict(columns)).where(User.id == user_id), database, columns)


def delete_user(database: Database, user_id: int) -> list[int]:
    """Delete a user with all past executions; return the ids of these, whose logs are now nobody's.

    Raises:
        ConflictError: some executions of the user have not ended.

    """
    with database.transaction():
        user(database, user_id)
        # Nobody submits in this name any more while the row is locked: a submission refers to it.
        database.rows("SELECT 1 FROM account WHERE id = %s FOR UPDATE", [user_id])
        own = Execution.user == user_id
        if Execution.select().where(own, Execution.status.not_in(ENDED)).exists(database.peewee):
            raise ConflictError("This user has executions that have not ended; stop them first.")
        gone = database.rows("DELETE FROM execution WHERE user_id = %s RETURNING id", [user_id])
        Token.delete().where(Token.user == user_id).execute(database.peewee)
        User.delete().where(User.id == user_id).execute(database.peewee)
        return [row[0] for row in gone]


def _next_uid(database: Database) -> int:
    return int(database.rows("SELECT greatest(max(fs_uid) + 1, %s) FROM account", [FIRST_UID])[0][0])


def _check_references(database: Database, columns: Mapping[str, object]) -> None:
    known = {"role": Role, "quota": Quota}
    wrong = [
        Fault(f"{name}_id", f"there is no {name} {columns[name]}")
        for name, model in known.items()
        if name in columns and not model.select().where(model.id == columns[name]).exists(database.peewee)
    ]
    if wrong:
        raise RequestInvalidError(wrong)


def _written(query: Any, database: Database, columns: Mapping[str, object]) -> Any:
    try:
        return query.execute(database.peewee)
    except IntegrityError as error:
        if "fs_uid" in str(error):
            raise ConflictError(f"There is another user with fs_uid {columns.get('fs_uid')}.") from error
        raise ConflictError(f"There is a user named {columns.get('username')} already.") from error
