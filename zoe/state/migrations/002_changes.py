"""Announcements: whoever listens on the channel `zoe_changed` hears what was changed, with the commit of the change.

Triggers, so that nobody who writes can forget it. Nothing is announced of new rows: announcing commits wait for each
other, and submissions must not; the master's first step with a new execution is an update.
"""

from peewee import Database
from peewee_migrate import Migrator

CHANGES = """
CREATE FUNCTION zoe_announce(topic text, ids bigint[]) RETURNS void LANGUAGE sql AS $$
    -- 300 ids fit into the 8,000 bytes of an announcement.
    SELECT pg_notify('zoe_changed', topic || ' ' || string_agg(id::text, ','))
    FROM (SELECT id, (row_number() OVER () - 1) / 300 AS piece FROM unnest(ids) AS id) AS numbered GROUP BY piece
$$;
CREATE FUNCTION zoe_executions_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM zoe_announce('executions', (SELECT array_agg(id) FROM changed));
    RETURN NULL;
END $$;
CREATE FUNCTION zoe_services_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM zoe_announce('services', (SELECT array_agg(DISTINCT execution_id) FROM changed));
    RETURN NULL;
END $$;
CREATE FUNCTION zoe_accounts_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('zoe_changed', 'accounts');
    RETURN NULL;
END $$;
CREATE TRIGGER execution_changed AFTER UPDATE ON execution REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION zoe_executions_changed();
CREATE TRIGGER execution_gone AFTER DELETE ON execution REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION zoe_executions_changed();
CREATE TRIGGER service_changed AFTER UPDATE ON service REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION zoe_services_changed();
CREATE TRIGGER account_changed AFTER UPDATE OR DELETE ON account
    FOR EACH STATEMENT EXECUTE FUNCTION zoe_accounts_changed();
CREATE TRIGGER role_changed AFTER UPDATE OR DELETE ON role
    FOR EACH STATEMENT EXECUTE FUNCTION zoe_accounts_changed();
CREATE TRIGGER token_gone AFTER UPDATE OR DELETE ON token
    FOR EACH STATEMENT EXECUTE FUNCTION zoe_accounts_changed();
"""


def migrate(migrator: Migrator, database: Database, *, fake: bool = False) -> None:  # noqa: ARG001 - the library's form
    """Make the triggers."""
    # The library would read `%` and `;` in the bodies as its own: everything goes in one statement, without any `%`.
    migrator.sql(CHANGES)
