"""Listing: what the past costs the present. 100,000 ended executions are stored, then looked past.

- `get_*`: GET /execution?limit=50 by a client that sees everybody's, answer read to its end; `own_p95_ms`: the same by
  a user who owns a hundredth of them and sees only these.
- `tick_*`: a tick of the master (its own `Round`, over the same database, called by hand; the backend is without cost)
  with 100 executions running, when one thing has changed: a service has ended, its last trace is cleared away, a new
  execution was submitted, its service runs. `idle_tick_p95_ms`: when nothing has.

The past is written by PostgreSQL itself (generate_series), each execution with a service and four events, then analysed
as autovacuum would have done in the meantime.
"""

import hashlib
import json
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path

from bench.connection import Connection, zapp
from bench.instant_master import InstantMaster, instant_master
from bench.report import Figure, main, percentile
from bench.served import data_directory, serve
from zoe.state.database import Database
from zoe.state.embedded import EmbeddedPostgres

_OWNERS = 100
_TOKEN = "token of an owner"
_PAST = """
INSERT INTO account (username, fs_uid, email, priority, enabled, auth_source, quota_id, role_id)
SELECT 'owner-' || n, 100000 + n, '', 0, true, 'internal', (SELECT min(id) FROM quota),
       (SELECT id FROM role WHERE name = 'superuser')
FROM generate_series(0, %(owners)s - 1) AS n;

INSERT INTO token (user_id, name, digest, created)
SELECT id, 'bench', %(digest)s, 0 FROM account WHERE username = 'owner-0';

INSERT INTO execution (user_id, name, description, size, runtime_limit, time_submit, time_start, time_end, status,
                       outcome, exit_code)
SELECT a.id, 'past-' || n, %(description)s, 1, 86400, %(now)s - 60 * (%(many)s - n), %(now)s - 60 * (%(many)s - n) + 1,
       %(now)s - 60 * (%(many)s - n) + 50, 'terminated', 'terminated', 0
FROM generate_series(1, %(many)s) AS n JOIN account AS a ON a.username = 'owner-' || n %% %(owners)s;

INSERT INTO service (execution_id, name, service_group, essential, startup_order, cores, memory, gpus, status,
                     backend_status, restart_count)
SELECT id, 'task0', 'task', true, 0, 0.1, 1048576, 0, 'inactive', 'destroyed', 0 FROM execution;

INSERT INTO event (execution_id, at, before, after)
SELECT id, time_submit, before, after FROM execution, (VALUES ('submitted', 'queued'), ('queued', 'starting'),
    ('starting', 'running'), ('cleaning up', 'terminated')) AS step(before, after);

ANALYZE
"""


def options(parser: ArgumentParser) -> None:
    """Say how much."""
    parser.add_argument("--past", type=int, default=100_000, help="executions that have ended")
    parser.add_argument("--running", type=int, default=100)
    parser.add_argument("--gets", type=int, default=300)
    parser.add_argument("--changes", type=int, default=100)


def measure(arguments: Namespace) -> dict[str, Figure]:
    """Store a past, list it, and tick over it."""
    with data_directory() as directory:
        with serve(directory):
            pass
        began = time.monotonic()
        _store_past(directory, arguments.past)
        stored = time.monotonic() - began
        with serve(directory) as served:
            everybody = _list(served.connect(), arguments.gets)
            own = _list(Connection(served.url, _TOKEN), arguments.gets)
        busy, idle = _ticks(directory, arguments.running, arguments.changes)
    return {
        "get_p95_ms": Figure(percentile(everybody, 95) * 1e3, "ms", "below 20"),
        "get_p50_ms": Figure(percentile(everybody, 50) * 1e3, "ms"),
        "own_p95_ms": Figure(percentile(own, 95) * 1e3, "ms"),
        "tick_p95_ms": Figure(percentile(busy, 95) * 1e3, "ms", "below 20"),
        "tick_p50_ms": Figure(percentile(busy, 50) * 1e3, "ms"),
        "idle_tick_p95_ms": Figure(percentile(idle, 95) * 1e3, "ms"),
        "stored_in_s": Figure(stored, "s"),
    }


def _store_past(directory: Path, many: int) -> None:
    with EmbeddedPostgres(directory / "postgres") as url:
        database = Database(url, 2)
        wanted = {"owners": _OWNERS, "many": many, "now": time.time(), "description": json.dumps(zapp("true"))}
        with database.session():
            database.peewee.execute_sql(_PAST, wanted | {"digest": hashlib.sha256(_TOKEN.encode()).hexdigest()})
        database.close()


def _list(connection: Connection, gets: int) -> list[float]:
    """Return the seconds that each listing took; the first ones are for warming up."""
    warm, took = 10, []
    for _ in range(warm + gets):
        began = time.perf_counter()
        connection.ask("GET", "/execution?limit=50")
        took.append(time.perf_counter() - began)
    return took[warm:]


def _ticks(directory: Path, running: int, changes: int) -> tuple[list[float], list[float]]:
    """Return the seconds of ticks with one change each, and of ticks without any."""
    with EmbeddedPostgres(directory / "postgres") as url:
        database = Database(url, 8)
        with instant_master(database, directory) as master:
            executions = [master.submit() for _ in range(running)]
            master.settle()
            idle = [master.tick() for _ in range(changes)]
            busy = [seconds for _ in range(changes) for seconds in _change(master, executions)]
        database.close()
    return busy, idle


def _change(master: InstantMaster, running: list[int]) -> list[float]:
    """Let the oldest execution end, and another take its place; return the seconds of each tick about it."""
    master.end(running.pop(0))
    took = master.settle()
    running.append(master.submit())
    return took + master.settle()


if __name__ == "__main__":
    main("listing", "100,000 past executions: listing them, and the master's tick beside them", measure, options)
