"""The lab session: a class submits at once, on a real Docker Engine or Swarm of the bench's own; without Zoe beside it.

Raw is one pooled client that makes and starts the same containers on a network of the same kind, eight at a time.
With `--engine swarm` it makes the same Swarm services on the same nodes, eight at a time, and looks until all run.

- `ratio_to_raw`: executions submitted at once until all of them run, over raw; raw is measured before and after.
- `last_over_first`: executions one after the other, none removed: the mean time of the last three over the first three.
- `overhead_ms`: one execution of five services until it runs, less what raw needs for five; medians.
- `idle_cpu_percent`, `engine_calls_per_min`: while everything runs and nobody asks for anything.
"""

import statistics
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.connection import Connection, order
from bench.lab_engine import engine_site
from bench.lab_site import CORES, MEMORY, MOST_MEMORY, WORDS, Raw
from bench.lab_swarm import swarm_site
from bench.report import Figure, main
from bench.served import Served, data_directory, serve

_SITES = {"docker": engine_site, "swarm": swarm_site}
_SERVICES = 5
_QUIET = 60.0  # seconds
_LOOK_AGAIN = 0.1  # seconds


def options(parser: ArgumentParser) -> None:
    """Say how many."""
    parser.add_argument("--engine", choices=("docker", "swarm"), default="docker")
    parser.add_argument("--executions", type=int, default=25, help="of five services each, submitted at once")
    parser.add_argument("--rounds", type=int, default=10, help="of one execution alone")
    parser.add_argument("--idle", type=int, default=300, help="containers that run while the idle service is watched")


def measure(arguments: Namespace) -> dict[str, Figure]:
    """Run all of it on one engine."""
    with (
        data_directory() as directory,
        _SITES[arguments.engine](directory) as site,
        _zoe(directory / "zoe", site.environment) as served,
    ):
        connection = served.connect()
        # Somebody's service is there already, hence the network, as it is for raw.
        _runs_at(connection, connection.submit(_order()))
        return {
            **_session(connection, site.raw, arguments.executions),
            **_one(connection, site.raw, arguments.rounds),
            **_row(connection, arguments.executions),
            **_idle(connection, served, site.log, arguments.idle),
        }


def _session(connection: Connection, raw: Raw, executions: int) -> dict[str, Figure]:
    before = raw.seconds(executions * _SERVICES)
    began = time.time()
    submitted = [connection.submit(_order()) for _ in range(executions)]
    taken = max(_runs_at(connection, execution) for execution in submitted) - began
    _clear(connection, submitted)
    bare = (before + raw.seconds(executions * _SERVICES)) / 2
    return {
        "ratio_to_raw": Figure(taken / bare, "", "at most 1.10"),
        "session_s": Figure(taken, "s"),
        "raw_session_s": Figure(bare, "s"),
    }


def _one(connection: Connection, raw: Raw, rounds: int) -> dict[str, Figure]:
    ours, bare = [], []
    for _ in range(rounds):
        bare.append(raw.seconds(_SERVICES))
        began = time.time()
        execution = connection.submit(_order())
        ours.append(_runs_at(connection, execution) - began)
        _clear(connection, [execution])
    raw_ms, ours_ms = statistics.median(bare) * 1e3, statistics.median(ours) * 1e3
    return {"overhead_ms": Figure(ours_ms - raw_ms, "ms", "below 100"), "one_ms": Figure(ours_ms, "ms")}


def _row(connection: Connection, executions: int) -> dict[str, Figure]:
    times, submitted = [], []
    for _ in range(executions):
        began = time.time()
        submitted.append(connection.submit(_order()))
        times.append(_runs_at(connection, submitted[-1]) - began)
    _clear(connection, submitted)
    ratio = statistics.mean(times[-3:]) / statistics.mean(times[:3])
    return {"last_over_first": Figure(ratio, "", "at most 1.2"), "last_s": Figure(times[-1], "s")}


def _idle(connection: Connection, served: Served, log: Path, containers: int) -> dict[str, Figure]:
    submitted = [connection.submit(_order()) for _ in range(containers // _SERVICES)]
    for execution in submitted:
        _runs_at(connection, execution)
    calls, busy = _calls(log), _busy(served)
    time.sleep(_QUIET)
    calls, busy = _calls(log) - calls, _busy(served) - busy
    _clear(connection, submitted)
    return {
        "idle_cpu_percent": Figure(100 * busy / _QUIET, "%", "below 2"),
        "engine_calls_per_min": Figure(calls * 60 / _QUIET, ""),
    }


def _runs_at(connection: Connection, execution: int) -> float:
    # Zoe notes the moment: to look all the time would take from a small machine what is measured on it.
    connection.until(execution, "running", seconds=600, pause=_LOOK_AGAIN)
    events = connection.get(f"/execution/{execution}/events")["events"]
    return float(next(event["at"] for event in events if event["after"] == "running"))


def _clear(connection: Connection, executions: list[int]) -> None:
    for execution in executions:
        connection.stop(execution)
    for execution in executions:
        connection.until(execution, "terminated", "error", seconds=600, pause=_LOOK_AGAIN)


def _order() -> bytes:
    resources = {"memory": {"min": MEMORY, "max": MOST_MEMORY}, "cores": {"min": CORES, "max": None}}
    service: dict[str, Any] = {"name": "task", "image": "busybox:latest", "monitor": True, "startup_order": 0}
    service |= {"total_count": _SERVICES, "essential_count": _SERVICES, "resources": resources, "command": [*WORDS]}
    return order({"name": "lab", "version": 3, "will_end": False, "size": 0, "services": [service]})


@contextmanager
def _zoe(directory: Path, environment: Mapping[str, str]) -> Iterator[Served]:
    directory.mkdir(mode=0o711)
    with serve(directory, environment) as served:
        yield served


def _calls(log: Path) -> int:
    return log.read_bytes().count(b"Calling ")


def _busy(served: Served) -> float:
    spent = served.process.cpu_times()
    return float(spent.user + spent.system)


if __name__ == "__main__":
    main("lab", "a class submits at once: Zoe and the raw engine on the same daemon", measure, options)
