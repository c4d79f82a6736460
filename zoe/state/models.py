"""The tables. Times are seconds since the epoch, UTC; memory is in bytes.

Wishes and facts are columns with one writer each: the API inserts rows and writes the wishes (`stop_requested`),
the master alone moves `status` and writes everything that has happened.
"""

from typing import Any

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    DateField,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)
from playhouse.postgres_ext import BinaryJSONField


class _Row(Model):
    id = BigAutoField()


class Role(_Row):
    """What its users may do."""

    name = TextField(unique=True)
    can_see_status = BooleanField(default=False)
    can_change_config = BooleanField(default=False)
    can_operate_others = BooleanField(default=False)
    can_delete_executions = BooleanField(default=False)
    can_access_api = BooleanField(default=False)
    can_customize_resources = BooleanField(default=False)
    can_access_full_zapp_shop = BooleanField(default=False)


class Quota(_Row):
    """How much its users may have at a time, each; 0 is no limit. `runtime_limit` in hours."""

    name = TextField(unique=True)
    concurrent_executions = BigIntegerField(default=0)
    cores = DoubleField(default=0)
    memory = BigIntegerField(default=0)
    runtime_limit = DoubleField(default=0)


class User(_Row):
    """A person or a script. `auth_source` names the authenticator; `password_hash` is for those that work with it."""

    username = TextField(unique=True)
    fs_uid = BigIntegerField(unique=True)
    email = TextField(default="")
    priority = IntegerField(default=0)
    enabled = BooleanField(default=True)
    auth_source = TextField()
    password_hash = TextField(null=True)
    quota = ForeignKeyField(Quota)
    role = ForeignKeyField(Role)

    class Meta:
        """How the table is called."""

        table_name = "account"  # `user` is a word of SQL


class Token(_Row):
    """An API token of a user: only its SHA-256 is kept."""

    user = ForeignKeyField(User, on_delete="CASCADE")
    name = TextField()
    digest = TextField(unique=True)
    created = DoubleField()
    expires = DoubleField(null=True)


class Execution(_Row):
    """One run of a ZApp.

    `secrets`: parameters that nobody is shown, kept until its end. `outcome`: the final status that an execution in
    `cleaning up` is heading for. Written by the API: the first block at submission, later `stop_requested` and
    `stop_reason`. The rest by the master.
    """

    user = ForeignKeyField(User, index=False)
    name = TextField()
    description: Any = BinaryJSONField(index=False)
    zapp_type = TextField(null=True)
    parameters: Any = BinaryJSONField(index=False, null=True)
    secrets: Any = BinaryJSONField(index=False, null=True)
    size = BigIntegerField()
    runtime_limit = DoubleField(default=0)  # seconds; 0 is no limit
    time_submit = DoubleField()
    stop_requested = DoubleField(null=True)
    stop_reason = TextField(null=True)

    opportunistic = BooleanField(default=False)
    backfill = TextField(null=True)  # the name of the backfill that offered it

    status = TextField(default="submitted")
    time_start = DoubleField(null=True)
    time_end = DoubleField(null=True)
    outcome = TextField(null=True)
    exit_code = IntegerField(null=True)
    error_message = TextField(null=True)
    wait_reason = TextField(null=True)
    wait: Any = BinaryJSONField(index=False, null=True)
    progress: Any = BinaryJSONField(index=False, null=True)


class Service(_Row):
    """One part of an execution. Inserted by the API, then the master's; `handle` is what the backend finds it by."""

    execution = ForeignKeyField(Execution, on_delete="CASCADE")
    name = TextField()
    service_group = TextField()
    essential = BooleanField()
    startup_order = IntegerField()
    cores = DoubleField()
    memory = BigIntegerField()
    gpus = IntegerField()

    status = TextField(default="created")
    backend_status = TextField(default="undefined")
    node = TextField(null=True)
    handle = TextField(null=True)
    address = TextField(null=True)
    dns_name = TextField(null=True)
    exit_code = IntegerField(null=True)
    error_message = TextField(null=True)
    restart_count = IntegerField(default=0)


class Event(_Row):
    """A step of an execution, or something worth telling about one of its services."""

    execution = ForeignKeyField(Execution, on_delete="CASCADE")
    service = TextField(null=True)
    at = DoubleField()
    before = TextField(null=True)
    after = TextField(null=True)
    reason = TextField(null=True)


class Node(_Row):
    """A machine as its backend reported it last."""

    name = TextField(unique=True)
    cores = DoubleField()
    memory = BigIntegerField()
    gpus = IntegerField()
    labels: Any = BinaryJSONField(index=False)
    online = BooleanField()
    remarks: Any = BinaryJSONField(index=False)
    cores_in_use = DoubleField(default=0)
    memory_in_use = BigIntegerField(default=0)
    seen = DoubleField()


class BackfillState(_Row):
    """How a backfill fares; the master's. `paused_until`: seconds since the epoch."""

    name = TextField(unique=True)
    in_use = BooleanField(default=True)
    terms: Any = BinaryJSONField(index=False)
    note = TextField(null=True)
    paused_until = DoubleField(null=True)

    class Meta:
        """How the table is called."""

        table_name = "backfill"


class BackfillDay(_Row):
    """What opportunistic executions were given on one day (UTC), and how many ended; the master's."""

    name = TextField()
    day = DateField()
    core_seconds = DoubleField(default=0)
    done = BigIntegerField(default=0)
    failed = BigIntegerField(default=0)
    made_room = BigIntegerField(default=0)

    class Meta:
        """How the table is called."""

        table_name = "backfill_day"


class Activity(Model):
    """When an execution was used last; written by the gateway, and by the API where somebody asks for more time."""

    execution = ForeignKeyField(Execution, primary_key=True, on_delete="CASCADE")
    traffic_at = DoubleField(null=True)
    proxy_at = DoubleField(null=True)
    lease_until = DoubleField(null=True)
    lease_by = TextField(null=True)


class Idle(Model):
    """An execution that nobody uses, and what becomes of it; the master's. `unseen`: seconds that do not count."""

    execution = ForeignKeyField(Execution, primary_key=True, on_delete="CASCADE")
    since = DoubleField()
    unseen = DoubleField()
    looked_at = DoubleField()
    resting = BooleanField()
    announced = BooleanField()
    shown: Any = BinaryJSONField(index=False)


class SignedOut(Model):
    """A session that was ended by its user; `until` (seconds since the epoch) its cookies would have been good."""

    session = TextField(primary_key=True)
    until = DoubleField()

    class Meta:
        """How the table is called."""

        table_name = "signed_out"


class Clearing(Model):
    """What an ended execution may have left in its owner's workspace; the master's, until its ZApp type was there."""

    execution_id = BigIntegerField(primary_key=True)  # no foreign key: it outlives the execution's row
    owner = TextField()
    zapp_type = TextField()


class Secret(_Row):
    """What this deployment made for itself at its first start: its id, the key of its cookies, the keys of its bus."""

    name = TextField(unique=True)
    content = TextField()


TABLES = (
    Role,
    Quota,
    User,
    Token,
    SignedOut,
    Execution,
    Service,
    Event,
    Node,
    BackfillState,
    BackfillDay,
    Activity,
    Idle,
    Clearing,
    Secret,
)
