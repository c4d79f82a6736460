"""Who may do what: an account with its role's permissions and its quota, as every request needs it; the seeds."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from zoe.state.database import Database

PERMISSIONS = (
    "can_see_status",
    "can_change_config",
    "can_operate_others",
    "can_delete_executions",
    "can_access_api",
    "can_customize_resources",
    "can_access_full_zapp_shop",
)
FIRST_UID = 10_000
"""The first numeric user that Zoe gives away by itself: below are the system's own."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one user may have at a time; 0 is no limit. Memory in bytes, `runtime` in hours."""

    executions: int
    cores: float
    memory: int
    runtime: float


@dataclass(frozen=True, slots=True)
class Account:
    """A user, with what the role permits and the quota allows."""

    id: int
    username: str
    fs_uid: int
    email: str
    priority: int
    enabled: bool
    auth_source: str
    password_hash: str | None = field(repr=False)
    quota_id: int
    role_id: int
    role: str
    permissions: frozenset[str]
    limits: Limits


_ACCOUNT = """
SELECT u.id, username, fs_uid, email, priority, enabled, auth_source, password_hash, u.quota_id, u.role_id, r.name,
    can_see_status, can_change_config, can_operate_others, can_delete_executions, can_access_api,
    can_customize_resources, can_access_full_zapp_shop,
    concurrent_executions, cores, memory, runtime_limit
FROM account AS u JOIN role AS r ON r.id = u.role_id JOIN quota AS q ON q.id = u.quota_id
"""
_OWN = (
    "id",
    "username",
    "fs_uid",
    "email",
    "priority",
    "enabled",
    "auth_source",
    "password_hash",
    "quota_id",
    "role_id",
    "role",
)


class Accounts:
    """Finds accounts, each with one statement."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_id(self, user_id: int) -> Account | None:
        """Return the account of this id."""
        return self._one("WHERE u.id = %s", user_id)

    def by_session(self, user_id: int, session: str) -> Account | None:
        """Return the account of this id, unless the session was ended."""
        return self._one("WHERE u.id = %s AND NOT EXISTS (SELECT FROM signed_out WHERE session = %s)", user_id, session)

    def sign_out(self, sessions: Collection[str], now: float, until: float) -> None:
        """End sessions; their cookies are too old anyway after `until` (seconds since the epoch)."""
        self._database.rows("DELETE FROM signed_out WHERE until < %s", [now])
        for session in sessions:
            told = "INSERT INTO signed_out (session, until) VALUES (%s, %s) ON CONFLICT DO NOTHING"
            self._database.rows(told, [session, until])

    def by_name(self, username: str) -> Account | None:
        """Return the account of this name."""
        return self._one("WHERE username = %s", username)

    def by_token(self, digest: str, now: float) -> Account | None:
        """Return the owner of the API token with this SHA-256, unless it has expired."""
        joined = "JOIN token AS t ON t.user_id = u.id WHERE t.digest = %s AND coalesce(t.expires > %s, true)"
        return self._one(joined, digest, now)

    def _one(self, condition: str, *parameters: object) -> Account | None:
        rows = self._database.rows(_ACCOUNT + condition, parameters)
        return _account(rows[0]) if rows else None


def _account(row: tuple[Any, ...]) -> Account:
    own, allowed, limits = row[: len(_OWN)], row[len(_OWN) : -4], row[-4:]
    permissions = frozenset(name for name, granted in zip(PERMISSIONS, allowed, strict=True) if granted)
    return Account(**dict(zip(_OWN, own, strict=True)), permissions=permissions, limits=Limits(*limits))


_SEED_ROLES = """
INSERT INTO role (name, can_see_status, can_change_config, can_operate_others, can_delete_executions, can_access_api,
    can_customize_resources, can_access_full_zapp_shop) VALUES
('admin', true, true, true, true, true, true, true),
('superuser', true, false, false, false, true, true, true),
('user', false, false, false, false, false, false, false)
ON CONFLICT (name) DO NOTHING
"""
_SEED_QUOTA = """
INSERT INTO quota (name, concurrent_executions, cores, memory, runtime_limit)
VALUES ('default', 5, 20, 32::bigint << 30, 24) ON CONFLICT (name) DO NOTHING
"""
_SEED_ADMIN = """
INSERT INTO account (username, fs_uid, email, priority, enabled, auth_source, password_hash, quota_id, role_id)
SELECT 'admin', %s, '', 0, true, 'internal', %s, q.id, r.id FROM quota AS q, role AS r
WHERE q.name = 'default' AND r.name = 'admin' AND NOT EXISTS (SELECT 1 FROM account)
ON CONFLICT DO NOTHING RETURNING id
"""


def seed(database: Database, admin_password_hash: str | None) -> bool:
    """Give an empty database its roles, its quota and, with a password, its admin; tell whether the admin is new.

    Safe when two processes do it at once. Once there are roles they are the site's own: a deleted one stays deleted.
    """
    with database.transaction():
        database.rows("LOCK TABLE role IN SHARE ROW EXCLUSIVE MODE")
        if not database.rows("SELECT 1 FROM role LIMIT 1"):
            database.rows(_SEED_ROLES)
        if not database.rows("SELECT 1 FROM quota LIMIT 1"):
            database.rows(_SEED_QUOTA)
        return admin_password_hash is not None and bool(database.rows(_SEED_ADMIN, [FIRST_UID, admin_password_hash]))


def has_users(database: Database) -> bool:
    """Tell whether anybody can sign in: if not, this is the first start."""
    with database.session_or_own():
        return bool(database.rows("SELECT 1 FROM account LIMIT 1"))
