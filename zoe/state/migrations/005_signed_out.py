"""Who has signed out: cookies of that session are worthless, also those that a browser keeps at other origins."""

from peewee import Database
from peewee_migrate import Migrator

SIGNED_OUT = """
CREATE TABLE signed_out (
    session text PRIMARY KEY,
    until double precision NOT NULL
);
CREATE TRIGGER signed_out AFTER INSERT ON signed_out
    FOR EACH STATEMENT EXECUTE FUNCTION zoe_accounts_changed();
"""


def migrate(migrator: Migrator, database: Database, *, fake: bool = False) -> None:  # noqa: ARG001 - the library's form
    """Make the table."""
    migrator.sql(SIGNED_OUT)
