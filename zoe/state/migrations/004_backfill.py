"""Backfill: whose executions are one's, how each backfill fares, and what it was given day by day."""

from peewee import Database
from peewee_migrate import Migrator

BACKFILL = """
ALTER TABLE execution ADD COLUMN backfill text;
CREATE INDEX execution_of_backfill ON execution (backfill) WHERE backfill IS NOT NULL
    AND status NOT IN ('terminated', 'error');
CREATE TABLE backfill (
    id bigserial PRIMARY KEY,
    name text NOT NULL UNIQUE,
    in_use boolean NOT NULL DEFAULT true,
    terms jsonb NOT NULL DEFAULT '{}',
    note text,
    paused_until double precision
);
CREATE TABLE backfill_day (
    id bigserial PRIMARY KEY,
    name text NOT NULL,
    day date NOT NULL,
    core_seconds double precision NOT NULL DEFAULT 0,
    done bigint NOT NULL DEFAULT 0,
    failed bigint NOT NULL DEFAULT 0,
    made_room bigint NOT NULL DEFAULT 0,
    UNIQUE (name, day)
);
"""


def migrate(migrator: Migrator, database: Database, *, fake: bool = False) -> None:  # noqa: ARG001 - the library's form
    """Make the tables."""
    migrator.sql(BACKFILL)
