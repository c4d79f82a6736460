"""Overhead: from submission to all services running, minus the backend's own start time; one service, nothing else.

`p50_ms` = `total_p50_ms` - `start_p50_ms`:
- total: from just before the client sends POST /execution (this process's clock; it is the service's, too) to the time
  of the step to `running` in GET /execution/N/events. Nobody asks anything in between.
- start: the process backend of this process, with a keeper and a directory of its own, starts the same command; one
  such start after each submission, so that both meet the same machine.

`seen_p50_ms` is the same from outside, the start included: until a client that keeps asking (every 2 ms, which itself
costs the service time) first hears `running`.
"""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from backend_process.backend import ProcessBackend
from backend_process.settings import ProcessSettings
from bench.connection import Connection, order, zapp
from bench.report import Figure, main, percentile
from bench.served import data_directory, serve
from zoe.plugin import Deployment, Limits, Resources, ServiceId, ServiceSpec

_COMMAND = "sleep 3600"
_QUIET = 0.3  # seconds; an execution on an idle machine runs long before


def options(parser: ArgumentParser) -> None:
    """Say how often."""
    parser.add_argument("--rounds", type=int, default=60)


def measure(arguments: Namespace) -> dict[str, Figure]:
    """Submit and start in turns."""
    total, seen, start = [], [], []
    with data_directory() as directory, data_directory() as own, serve(directory) as served, _backend(own) as start_one:
        connection = served.connect()
        for number in range(arguments.rounds + 1):
            total.append(_ended(connection, _total))
            seen.append(_ended(connection, _seen))
            start.append(start_one(number))
    # The first of each makes directories and loads what the later ones find.
    middle = {key: percentile(values[1:], 50) * 1e3 for key, values in
              {"total": total, "seen": seen, "start": start}.items()}  # fmt: skip
    return {
        "p50_ms": Figure(middle["total"] - middle["start"], "ms", "below 30"),
        "total_p50_ms": Figure(middle["total"], "ms"),
        "total_p95_ms": Figure(percentile(total[1:], 95) * 1e3, "ms"),
        "start_p50_ms": Figure(middle["start"], "ms"),
        "seen_p50_ms": Figure(middle["seen"], "ms"),
    }


def _ended(connection: Connection, way: Callable[[Connection], tuple[int, float]]) -> float:
    """Measure one way, and clear away what was submitted for it."""
    execution, seconds = way(connection)
    connection.stop(execution)
    connection.until_ended(execution)
    return seconds


def _total(connection: Connection) -> tuple[int, float]:
    body = order(zapp(_COMMAND))
    began = time.time()
    execution = connection.submit(body)
    time.sleep(_QUIET)
    connection.until(execution, "running")
    events = connection.get(f"/execution/{execution}/events")["events"]
    return execution, next(event["at"] for event in events if event["after"] == "running") - began


def _seen(connection: Connection) -> tuple[int, float]:
    body = order(zapp(_COMMAND))
    began = time.time()
    execution = connection.submit(body)
    connection.until(execution, "running")
    return execution, time.time() - began


@contextmanager
def _backend(directory: Path) -> Iterator[Callable[[int], float]]:
    """Lend a way to start one process with a backend of our own; it tells the seconds that the start alone took."""
    backend = ProcessBackend(ProcessSettings(run_as="self"), Deployment("bench", "bench", directory))
    backend.open()
    node = backend.nodes()[0].name

    def start_one(number: int) -> float:
        spec = _spec(number, directory)
        began = time.perf_counter()
        report = backend.start(spec, node)
        seconds = time.perf_counter() - began
        backend.stop(report.handle, 10.0)
        backend.remove(report.handle)
        return seconds

    try:
        yield start_one
    finally:
        backend.close()


def _spec(number: int, directory: Path) -> ServiceSpec:
    return ServiceSpec(
        who=ServiceId(number, number, "task0"),
        group="task",
        owner="bench",
        owner_uid=1000,
        image="bench:1",
        command=_COMMAND,
        environment={f"ZOE_BENCH_{n}": "as many as Zoe itself sets" for n in range(10)},
        reserved=Resources(0.1, 1 << 20),
        limits=Limits(),
        dns_name="127.0.0.1",
        workspace=directory / "workspace",
    )


if __name__ == "__main__":
    main("overhead", "submission to running minus the backend's own start, one service", measure, options)
