"""Idle termination: when each execution was last used, and what the master makes of it."""

from peewee import Database
from peewee_migrate import Migrator

# Written every few seconds while somebody works: narrow, without an index on what changes, and with room on each page.
IDLE = """
CREATE TABLE activity (
    execution_id bigint PRIMARY KEY REFERENCES execution ON DELETE CASCADE,
    traffic_at double precision,
    proxy_at double precision,
    lease_until double precision,
    lease_by text
) WITH (fillfactor = 50);
CREATE TABLE idle (
    execution_id bigint PRIMARY KEY REFERENCES execution ON DELETE CASCADE,
    since double precision NOT NULL,
    unseen double precision NOT NULL,
    looked_at double precision NOT NULL,
    resting boolean NOT NULL,
    announced boolean NOT NULL,
    shown jsonb NOT NULL
) WITH (fillfactor = 50);
"""


def migrate(migrator: Migrator, database: Database, *, fake: bool = False) -> None:  # noqa: ARG001 - the library's form
    """Make the tables."""
    migrator.sql(IDLE)
