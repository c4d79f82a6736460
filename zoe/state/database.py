"""The connection to PostgreSQL: a pool, transactions, and the driver's errors turned into Zoe's at one door."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
from peewee import InterfaceError, OperationalError, PeeweeException
from peewee_migrate import Router
from playhouse.pool import MaxConnectionsExceeded, PooledPostgresqlDatabase

from zoe.errors import StateError, StateUnavailableError
from zoe.state.models import TABLES

MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 0x20E_0001
MASTER_LOCK = 0x20E_0002


class _Pool(PooledPostgresqlDatabase):  # type: ignore[misc] # peewee has no types
    """Peewee's pool, that never lends out a connection which has broken."""

    def _is_closed(self, conn: Any) -> bool:
        return bool(conn.closed)


class Database:
    """One PostgreSQL database. Every thread that asks gets a connection of its own from the pool."""

    def __init__(self, url: str, pool_size: int = 24) -> None:
        self.url = url
        parameters = psycopg2.extensions.parse_dsn(url)
        name = parameters.pop("dbname", "zoe")
        self.peewee = _Pool(
            name, max_connections=pool_size, timeout=10, connect_timeout=5, application_name="zoe", **parameters
        )
        self.peewee.bind(TABLES, bind_refs=False, bind_backrefs=False)

    @contextmanager
    def session(self) -> Iterator[None]:
        """Lend this thread a connection; one that broke is thrown away.

        Raises:
            StateUnavailableError: PostgreSQL cannot be reached, or went away meanwhile.

        """
        try:
            self.peewee.connect(reuse_if_open=True)
            yield
        except (OperationalError, InterfaceError) as error:
            self.discard()
            self.peewee.close_idle()  # they have most likely broken too
            raise StateUnavailableError from error
        except MaxConnectionsExceeded as error:
            raise StateUnavailableError("Too many requests at a time; try again in a moment.") from error
        finally:
            if not self.peewee.is_closed():
                self.peewee.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing of what happens inside is stored."""
        with self.session_or_own(), self.peewee.atomic():
            yield

    @contextmanager
    def session_or_own(self) -> Iterator[None]:
        """Use the connection that this thread holds already, or lend it one."""
        if self.peewee.is_closed():
            with self.session():
                yield
        else:
            yield

    def discard(self) -> None:
        """Throw this thread's connection away: its state is unknown."""
        if not self.peewee.is_closed():
            self.peewee.manual_close()

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement; return its rows, or nothing for a statement without any."""
        cursor = self.peewee.execute_sql(sql, parameters)
        return list(cursor.fetchall()) if cursor.description else []

    def migrate(self) -> list[str]:
        """Bring the tables to this version of Zoe; return the names of the steps made. Safe when many start at once."""
        try:
            with self.session(), self._alone():
                router = Router(self.peewee, migrate_dir=MIGRATIONS, migrate_table="zoe_migration")
                return list(router.run())
        except PeeweeException as error:
            raise StateError(f"The database could not be brought to this version of Zoe: {error}") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.rows("SELECT pg_advisory_lock(%s)", [_MIGRATION_LOCK])
        try:
            yield
        finally:
            self.rows("SELECT pg_advisory_unlock(%s)", [_MIGRATION_LOCK])

    def close(self) -> None:
        """Close every connection."""
        self.peewee.close_all()
