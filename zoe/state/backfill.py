"""Backfill in the database: an account of Zoe's own, executions in sets, and the books of what was given."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from psycopg2.extras import Json

from zoe.errors import ConflictError
from zoe.state.accounts import FIRST_UID
from zoe.state.database import Database
from zoe.state.lifecycle import Status
from zoe.state.requests import NewService

OWNER = "backfill"
OF_USERS = "(users)"
"""Under this name stand opportunistic executions that users submitted themselves: no plugin can be called so."""

_ACCOUNT = """
WITH q AS (INSERT INTO quota (name) VALUES (%s) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id),
     r AS (INSERT INTO role (name) VALUES (%s) ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING id)
INSERT INTO account (username, fs_uid, email, priority, enabled, auth_source, password_hash, quota_id, role_id)
SELECT %s, greatest((SELECT max(fs_uid) + 1 FROM account), %s), '', %s, false, 'internal', NULL, q.id, r.id FROM q, r
"""
_LAST = -1000
"""Its priority: among the opportunistic, what a person submitted comes first where priorities count."""


def owner(database: Database) -> int:
    """Return the account that executions of backfills belong to; made when it is first needed, and without a way in.

    Raises:
        ConflictError: a person has taken this name.

    """
    with database.transaction():
        # Two masters must not make it at once.
        database.rows("LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE")
        find = "SELECT id, enabled OR password_hash IS NOT NULL FROM account WHERE username = %s"
        found = database.rows(find, [OWNER])
        if not found:
            database.rows(_ACCOUNT, [OWNER, OWNER, OWNER, FIRST_UID, _LAST])
            found = database.rows(find, [OWNER])
    if found[0][1]:
        raise ConflictError(f"The user {OWNER} can sign in, but backfill needs an account of this name for itself.")
    return int(found[0][0])


@dataclass(frozen=True, slots=True)
class IdleExecution:
    """An execution of a backfill to be, of which several are stored at once; `description` is its ZApp in format 3."""

    backfill: str
    name: str
    description: Mapping[str, object]
    size: int
    services: Sequence[NewService]
    zapp_type: str | None = None
    parameters: Mapping[str, object] | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


# One statement for a whole set.
_SUBMIT = """
WITH e AS (
    INSERT INTO execution (user_id, name, description, zapp_type, parameters, secrets, size, time_submit, backfill,
        opportunistic, status)
    SELECT %s, %s, %s::jsonb, %s, %s::jsonb, %s::jsonb, %s, %s, %s, true, 'submitted'
    FROM generate_series(1, %s) RETURNING id
), s AS (
    INSERT INTO service (execution_id, name, service_group, essential, startup_order, cores, memory, gpus)
    SELECT e.id, n.name, n.service_group, n.essential, n.startup_order, n.cores, n.memory, n.gpus
    FROM e, unnest(%s::text[], %s::text[], %s::bool[], %s::int[], %s::float8[], %s::bigint[], %s::int[])
        WITH ORDINALITY AS n(name, service_group, essential, startup_order, cores, memory, gpus, place)
    ORDER BY e.id, n.place
)
SELECT count(*) FROM e
"""
_NOT_TAKEN_UP = "SELECT 1 FROM execution WHERE status = 'submitted' AND backfill = %s LIMIT 1"


def submit_sets(database: Database, user_id: int, wanted: Sequence[tuple[IdleExecution, int]], at: float) -> None:
    """Store these executions of one backfill, each so many times: all, or none while some are not taken up yet."""
    with database.transaction():
        # Nobody knows how much room those will leave; a crash may have come between two sets.
        if not database.rows(_NOT_TAKEN_UP, [wanted[0][0].backfill]):
            for new, count in wanted:
                database.rows(_SUBMIT, _columns(user_id, new, count, at))


def _columns(user_id: int, new: IdleExecution, count: int, at: float) -> list[object]:
    services = zip(
        *((s.name, s.group, s.core, s.startup_order, s.cores, s.memory, s.gpus) for s in new.services), strict=True
    )
    return [
        user_id,
        new.name,
        Json(new.description),
        new.zapp_type,
        None if new.parameters is None else Json(new.parameters),
        Json(new.secrets) if new.secrets else None,
        new.size,
        at,
        new.backfill,
        count,
        *map(list, services),
    ]


_GIVEN = """
INSERT INTO backfill_day AS b (name, day, core_seconds, done, failed, made_room)
SELECT coalesce(e.backfill, %s), day::date,
    sum(cores * (least(s.at, extract(epoch FROM day AT TIME ZONE 'UTC') + 86400)
        - greatest(since.at, extract(epoch FROM day AT TIME ZONE 'UTC')))),
    count(*) FILTER (WHERE last AND s.after = 'terminated' AND e.stop_requested IS NULL AND NOT s.told),
    count(*) FILTER (WHERE last AND s.after = 'error'),
    count(*) FILTER (WHERE last AND s.after = 'queued')
FROM unnest(%s::bigint[], %s::text[], %s::float8[], %s::bool[]) AS s(id, after, at, told)
JOIN execution e ON e.id = s.id
CROSS JOIN LATERAL (
    SELECT least(coalesce(max(at), s.at), s.at) AS at FROM event WHERE execution_id = e.id AND event.after = 'starting'
) AS since
CROSS JOIN LATERAL (
    SELECT coalesce(sum(v.cores), 0) AS cores FROM service v WHERE v.execution_id = e.id AND v.node IS NOT NULL
) AS held
CROSS JOIN LATERAL (
    SELECT day, day = date_trunc('day', to_timestamp(s.at) AT TIME ZONE 'UTC') AS last
    FROM generate_series(date_trunc('day', to_timestamp(since.at) AT TIME ZONE 'UTC'),
        date_trunc('day', to_timestamp(s.at) AT TIME ZONE 'UTC'), interval '1 day') AS day
) AS days
GROUP BY 1, 2
ON CONFLICT (name, day) DO UPDATE SET core_seconds = b.core_seconds + excluded.core_seconds,
    done = b.done + excluded.done, failed = b.failed + excluded.failed, made_room = b.made_room + excluded.made_room
"""


@dataclass(frozen=True, slots=True)
class Leaving:
    """An opportunistic execution that has left its places for `after`; `stopped`: because somebody wanted it to end."""

    execution: int
    after: Status
    at: float
    stopped: bool


def enter_given(database: Database, left: Sequence[Leaving]) -> None:
    """Enter into the books what these were given since they started last, before their steps are written.

    A day is one of UTC. All services that had a place count from the start of their execution to its end.
    """
    columns = zip(*((one.execution, one.after, one.at, one.stopped) for one in left), strict=True)
    database.rows(_GIVEN, [OF_USERS, *map(list, columns)])


def introduce(database: Database, terms: Mapping[str, Mapping[str, object]]) -> None:
    """Store which backfills are in use, and their terms."""
    upsert = """INSERT INTO backfill (name, terms) VALUES (%s, %s::jsonb)
                ON CONFLICT (name) DO UPDATE SET terms = excluded.terms, in_use = true"""
    with database.transaction():
        database.rows("UPDATE backfill SET in_use = false WHERE NOT name = ANY(%s)", [list(terms)])
        for name, its_terms in terms.items():
            database.rows(upsert, [name, json.dumps(its_terms)])


def tell(database: Database, name: str, note: str | None, paused_until: float | None) -> None:
    """Store how a backfill fares: a sentence for people (None: all is well), and until when it waits."""
    database.rows("UPDATE backfill SET note = %s, paused_until = %s WHERE name = %s", [note, paused_until, name])
