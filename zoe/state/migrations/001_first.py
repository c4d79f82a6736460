"""The first tables, with an index for every query that the service makes.

A migration that has been released is never edited: later changes of the tables are migrations of their own.
"""

from peewee import Database
from peewee_migrate import Migrator

ACCOUNTS = """
CREATE TABLE role (
    id bigserial PRIMARY KEY,
    name text NOT NULL UNIQUE,
    can_see_status boolean NOT NULL DEFAULT false,
    can_change_config boolean NOT NULL DEFAULT false,
    can_operate_others boolean NOT NULL DEFAULT false,
    can_delete_executions boolean NOT NULL DEFAULT false,
    can_access_api boolean NOT NULL DEFAULT false,
    can_customize_resources boolean NOT NULL DEFAULT false,
    can_access_full_zapp_shop boolean NOT NULL DEFAULT false
);
CREATE TABLE quota (
    id bigserial PRIMARY KEY,
    name text NOT NULL UNIQUE,
    concurrent_executions bigint NOT NULL DEFAULT 0,
    cores double precision NOT NULL DEFAULT 0,
    memory bigint NOT NULL DEFAULT 0,
    runtime_limit double precision NOT NULL DEFAULT 0
);
CREATE TABLE account (
    id bigserial PRIMARY KEY,
    username text NOT NULL UNIQUE,
    fs_uid bigint NOT NULL UNIQUE,
    email text NOT NULL DEFAULT '',
    priority integer NOT NULL DEFAULT 0,
    enabled boolean NOT NULL DEFAULT true,
    auth_source text NOT NULL,
    password_hash text,
    quota_id bigint NOT NULL REFERENCES quota,
    role_id bigint NOT NULL REFERENCES role
);
CREATE INDEX account_quota ON account (quota_id);
CREATE INDEX account_role ON account (role_id);
CREATE TABLE token (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    name text NOT NULL,
    digest text NOT NULL UNIQUE,
    created double precision NOT NULL,
    expires double precision
);
CREATE INDEX token_user ON token (user_id);
CREATE TABLE secret (id bigserial PRIMARY KEY, name text NOT NULL UNIQUE, content text NOT NULL);
"""

EXECUTIONS = """
CREATE TABLE execution (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES account,
    name text NOT NULL,
    description jsonb NOT NULL,
    zapp_type text,
    parameters jsonb,
    secrets jsonb,
    size bigint NOT NULL,
    runtime_limit double precision NOT NULL DEFAULT 0,
    time_submit double precision NOT NULL,
    stop_requested double precision,
    stop_reason text,
    opportunistic boolean NOT NULL DEFAULT false,
    status text NOT NULL DEFAULT 'submitted' CHECK (status IN
        ('submitted', 'queued', 'starting', 'running', 'cleaning up', 'terminated', 'error')),
    time_start double precision,
    time_end double precision,
    outcome text,
    exit_code integer,
    error_message text,
    wait_reason text,
    wait jsonb,
    progress jsonb
);
CREATE INDEX execution_submitted ON execution (id) WHERE status = 'submitted';
CREATE INDEX execution_to_stop ON execution (id)
    WHERE stop_requested IS NOT NULL AND status NOT IN ('terminated', 'error');
CREATE INDEX execution_active ON execution (user_id, id) WHERE status NOT IN ('terminated', 'error');
CREATE INDEX execution_of_user ON execution (user_id, id DESC);
CREATE INDEX execution_history ON execution (user_id, (description ->> 'name'), id DESC) WHERE status = 'terminated';
CREATE INDEX execution_by_status ON execution (status, id DESC);
CREATE INDEX execution_by_name ON execution (name, id DESC);
CREATE INDEX execution_by_submission ON execution (time_submit);
CREATE INDEX execution_by_start ON execution (time_start);
CREATE INDEX execution_by_end ON execution (time_end);
CREATE TABLE event (
    id bigserial PRIMARY KEY,
    execution_id bigint NOT NULL REFERENCES execution ON DELETE CASCADE,
    service text,
    at double precision NOT NULL,
    before text,
    after text,
    reason text
);
CREATE INDEX event_execution ON event (execution_id);
"""

SERVICES = """
CREATE TABLE service (
    id bigserial PRIMARY KEY,
    execution_id bigint NOT NULL REFERENCES execution ON DELETE CASCADE,
    name text NOT NULL,
    service_group text NOT NULL,
    essential boolean NOT NULL,
    startup_order integer NOT NULL,
    cores double precision NOT NULL,
    memory bigint NOT NULL,
    gpus integer NOT NULL,
    status text NOT NULL DEFAULT 'created' CHECK (status IN
        ('created', 'runnable', 'starting', 'active', 'terminating', 'inactive', 'error')),
    backend_status text NOT NULL DEFAULT 'undefined',
    node text,
    handle text,
    address text,
    dns_name text,
    exit_code integer,
    error_message text,
    restart_count integer NOT NULL DEFAULT 0
);
CREATE INDEX service_execution ON service (execution_id);
CREATE INDEX service_holding ON service (node) WHERE status IN ('starting', 'active', 'terminating');
CREATE TABLE node (
    id bigserial PRIMARY KEY,
    name text NOT NULL UNIQUE,
    cores double precision NOT NULL,
    memory bigint NOT NULL,
    gpus integer NOT NULL,
    labels jsonb NOT NULL,
    online boolean NOT NULL,
    remarks jsonb NOT NULL,
    cores_in_use double precision NOT NULL DEFAULT 0,
    memory_in_use bigint NOT NULL DEFAULT 0,
    seen double precision NOT NULL
);
"""


def migrate(migrator: Migrator, database: Database, *, fake: bool = False) -> None:  # noqa: ARG001 - the library's form
    """Make the tables."""
    migrator.sql(ACCOUNTS + EXECUTIONS + SERVICES)
