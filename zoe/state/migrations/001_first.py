"""The first tables, with an index for every query that the service makes."""

from peewee import Database
from peewee_migrate import Migrator

from zoe.state.models import TABLES

STATUSES = "'submitted','queued','starting','running','cleaning up','terminated','error'"
SERVICE_STATUSES = "'created','runnable','starting','active','terminating','inactive','error'"

INDEXES = f"""
ALTER TABLE execution ADD CONSTRAINT execution_status_known CHECK (status IN ({STATUSES}));
ALTER TABLE service ADD CONSTRAINT service_status_known CHECK (status IN ({SERVICE_STATUSES}));
CREATE INDEX execution_submitted ON execution (id) WHERE status = 'submitted';
CREATE INDEX execution_to_stop ON execution (id)
    WHERE stop_requested IS NOT NULL AND status NOT IN ('terminated', 'error');
CREATE INDEX execution_active ON execution (user_id, id) WHERE status NOT IN ('terminated', 'error');
CREATE INDEX execution_of_user ON execution (user_id, id DESC);
CREATE INDEX execution_by_status ON execution (status, id DESC);
CREATE INDEX execution_by_name ON execution (name, id DESC);
CREATE INDEX execution_by_submission ON execution (time_submit);
CREATE INDEX execution_by_start ON execution (time_start);
CREATE INDEX execution_by_end ON execution (time_end);
"""


def migrate(migrator: Migrator, database: Database, *, fake: bool = False) -> None:  # noqa: ARG001 - the library's form
    """Make the tables."""
    for model in TABLES:
        migrator.create_model(model)
    migrator.sql(INDEXES)
