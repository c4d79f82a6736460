"""Making room: how soon a regular execution runs on a cluster full of opportunistic ones, and on an empty one.

Every slot is held by an opportunistic service that obeys SIGTERM, and as many again wait. Regular executions of one
slot come one at a time, run, and are stopped; the slot is filled again before the next comes. Seconds are from
submission to the status `running`, as the events of the execution tell; the empty cluster is measured before.

- `start_p99_ms`: on the full cluster; `empty_p99_ms`: on the empty one; `later_p50_ms`: the difference of the medians,
  which is what the stop of one service takes.
- `refill_p95_ms`: from the end of a regular execution until an opportunistic one has its slot.
- `lost`, `doubled`: opportunistic executions that are not there in the end, or that nobody submitted.
"""

import json
import statistics
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.connection import Connection, zapp
from bench.report import Figure, main, percentile
from bench.served import data_directory, serve
from tests.engines.single import docker_engine

_POLITE = "trap 'exit 0' TERM; sleep 100000 & wait"
_MEMORY = 8 << 20
_SECONDS = 60.0
_LOOK_AGAIN = 0.02


def options(parser: ArgumentParser) -> None:
    """Say where and how many."""
    parser.add_argument("--engine", choices=("process", "docker"), default="process")
    parser.add_argument("--slots", type=int, default=8)
    parser.add_argument("--starts", type=int, default=100, help="regular executions on the full cluster")


def measure(arguments: Namespace) -> dict[str, Figure]:
    """Start regular executions on an empty cluster, then on a full one."""
    with _machine(arguments.engine, arguments.slots) as (environment, cores, image), data_directory() as directory:
        order = _Order(cores, image)
        with serve(directory, environment) as served:
            connection = served.connect()
            empty = [_start(connection, order)[0] for _ in range(max(5, arguments.starts // 5))]
            waiting = [_submit(connection, order, opportunistic=True) for _ in range(2 * arguments.slots)]
            _until_full(connection, arguments.slots)
            full, refills = _rounds(connection, order, arguments)
            left = _opportunistic(connection)
            return {
                "start_p99_ms": Figure(percentile(full, 99) * 1e3, "ms", "below 2000"),
                "start_p50_ms": Figure(percentile(full, 50) * 1e3, "ms"),
                "empty_p99_ms": Figure(percentile(empty, 99) * 1e3, "ms"),
                "later_p50_ms": Figure((statistics.median(full) - statistics.median(empty)) * 1e3, "ms"),
                "refill_p95_ms": Figure(percentile(refills, 95) * 1e3, "ms"),
                "lost": Figure(len(set(waiting) - left.keys()), "", "0"),
                "doubled": Figure(len(left.keys() - set(waiting)), "", "0"),
            }


class _Order:
    """What is submitted: one service that takes one slot."""

    def __init__(self, cores: float, image: str) -> None:
        application = zapp(_POLITE, cores=cores, memory=_MEMORY)
        application["services"][0]["image"] = image
        self._body = {"application": application, "name": "bench"}

    def body(self, *, opportunistic: bool) -> bytes:
        """Return the body of the request."""
        return json.dumps(self._body | {"opportunistic": opportunistic}).encode()


@contextmanager
def _machine(engine: str, slots: int) -> Iterator[tuple[dict[str, str], float, str]]:
    """Lend a machine: settings of Zoe for it, cores of a slot, an image."""
    if engine == "process":
        yield {"ZOE_PLUGINS__PROCESS__CORES": str(slots)}, 1.0, "bench:1"
        return
    with docker_engine() as daemon, daemon.client() as client:
        cores = client.info()["NCPU"] / slots
        yield {"ZOE_BACKEND__NAME": "docker", "DOCKER_HOST": daemon.url}, cores, "busybox:latest"


def _rounds(connection: Connection, order: _Order, arguments: Namespace) -> tuple[list[float], list[float]]:
    starts, refills = [], []
    for _ in range(arguments.starts):
        seconds, ended = _start(connection, order)
        starts.append(seconds)
        refills.append(_until_full(connection, arguments.slots) - ended)
    return starts, refills


def _start(connection: Connection, order: _Order) -> tuple[float, float]:
    """Run one regular execution and stop it; return the seconds until it ran, and when it ended."""
    execution = _submit(connection, order, opportunistic=False)
    connection.until(execution, "running", seconds=_SECONDS, pause=_LOOK_AGAIN)
    connection.stop(execution)
    ended = connection.until(execution, "terminated", "error", seconds=_SECONDS, pause=_LOOK_AGAIN)
    events = connection.get(f"/execution/{execution}/events")["events"]
    ran = next(event["at"] for event in events if event["after"] == "running")
    return ran - ended["time_submit"], ended["time_end"]


def _submit(connection: Connection, order: _Order, *, opportunistic: bool) -> int:
    return connection.submit(order.body(opportunistic=opportunistic))


def _opportunistic(connection: Connection) -> dict[int, dict[str, Any]]:
    found = [
        *connection.get("/execution?status=running").values(),
        *connection.get("/execution?status=queued").values(),
    ]
    return {one["id"]: one for one in found if one["opportunistic"]}


def _until_full(connection: Connection, slots: int) -> float:
    """Wait until every slot is held by an opportunistic execution; return when that was seen."""
    deadline = time.time() + _SECONDS
    while time.time() < deadline:
        held = [one for one in _opportunistic(connection).values() if one["status"] == "running"]
        if len(held) == slots:
            return time.time()
        time.sleep(_LOOK_AGAIN)
    raise RuntimeError(f"the slots were not filled in {_SECONDS:.0f} s")


if __name__ == "__main__":
    main("backfill", "how soon regular executions run where opportunistic ones hold every slot", measure, options)
