"""What ended executions may have left behind: it is owed until their ZApp type has cleared it away."""

from peewee import Database
from peewee_migrate import Migrator

# No reference to the execution: what it left is to be cleared away also if somebody forgets it meanwhile.
CLEARING = """
CREATE TABLE clearing (
    execution_id bigint PRIMARY KEY,
    owner text NOT NULL,
    zapp_type text NOT NULL
);
"""


def migrate(migrator: Migrator, database: Database, *, fake: bool = False) -> None:  # noqa: ARG001 - the library's form
    """Make the table."""
    migrator.sql(CLEARING)
