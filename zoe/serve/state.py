"""The state that a service rests on: a database that answers, with its tables, its first users and its secrets."""

import secrets
import uuid
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from zoe.authenticators.internal import hash_password
from zoe.bus import BusKeys
from zoe.config import Settings
from zoe.state.accounts import has_users, seed
from zoe.state.database import Database
from zoe.state.embedded import EmbeddedPostgres
from zoe.state.secrets import keep


@dataclass(frozen=True, slots=True)
class OpenState:
    """The open database and what this deployment once made for itself.

    `admin_password` is set only when the admin was made just now with a password that nobody has chosen.
    """

    database: Database
    deployment_id: str
    cookie_key: str = field(repr=False)
    bus_keys: BusKeys = field(repr=False)
    admin_password: str | None = field(repr=False)


def open_state(settings: Settings, data_dir: Path, stack: ExitStack) -> OpenState:
    """Open the state; closing the stack closes it, and stops the embedded server."""
    url = settings.state.url
    if settings.state.embedded:
        url = stack.enter_context(EmbeddedPostgres(data_dir / "postgres"))
    database = Database(url, settings.state.pool_size)
    stack.callback(database.close)
    database.migrate()
    return OpenState(
        database,
        keep(database, "deployment-id", lambda: uuid.uuid4().hex),
        keep(database, "cookie-key", lambda: secrets.token_urlsafe(48)),
        BusKeys.from_json(keep(database, "bus-keys", lambda: BusKeys.generate().to_json())),
        _first_users(settings, database),
    )


def _first_users(settings: Settings, database: Database) -> str | None:
    if has_users(database):
        return None
    chosen = settings.users.admin_password
    password = chosen.get_secret_value() if chosen else secrets.token_urlsafe(12)
    is_new = seed(database, hash_password(password))
    return password if is_new and chosen is None else None
