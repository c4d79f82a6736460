"""Termination: how soon a stopped execution is really gone, and how soon a death is noticed.

Each execution is one service of three processes that obey SIGTERM; a few dozen of them run, and one at a time is
- stopped: from sending DELETE until the last of its processes has ended, as the kernel tells (`stop_*`), and until the
  API says that the execution has (`stopped_p95_ms`, asked every 2 ms);
- or struck: from kill -9 of the service's own process until the API says that the execution has ended (`death_*`).
  What that process leaves behind is ended by Zoe within that time.
"""

import os
import select
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

import psutil

from backend_process.keeper.record import load
from bench.connection import Connection, order, zapp
from bench.report import Figure, main, percentile
from bench.served import data_directory, serve

_COMMAND = "sleep 3600 & sleep 3600 & wait"
_MACHINE = {"ZOE_PLUGINS__PROCESS__CORES": "100"}


def options(parser: ArgumentParser) -> None:
    """Say how many."""
    parser.add_argument("--each", type=int, default=40, help="executions that are stopped, and as many that are struck")


def measure(arguments: Namespace) -> dict[str, Figure]:
    """End them, one at a time."""
    with data_directory() as directory, serve(directory, _MACHINE) as served:
        connection, services = served.connect(), directory / "process" / "services"
        body = order(zapp(_COMMAND))
        executions = [connection.submit(body) for _ in range(2 * arguments.each)]
        for execution in executions:
            connection.until(execution, "running")
        stops = [_stop(connection, execution, services) for execution in executions[: arguments.each]]
        deaths = [_strike(connection, execution, services) for execution in executions[arguments.each :]]
    gone, stopped = ([one[n] for one in stops] for n in (0, 1))
    return {
        "stop_p95_ms": Figure(percentile(gone, 95) * 1e3, "ms", "below 500"),
        "stop_p50_ms": Figure(percentile(gone, 50) * 1e3, "ms"),
        "stopped_p95_ms": Figure(percentile(stopped, 95) * 1e3, "ms"),
        "death_p95_ms": Figure(percentile(deaths, 95) * 1e3, "ms", "below 500"),
        "death_p50_ms": Figure(percentile(deaths, 50) * 1e3, "ms"),
    }


def _stop(connection: Connection, execution: int, services: Path) -> tuple[float, float]:
    """Return the seconds from DELETE until the processes are gone, and until the API says so."""
    watched = [os.pidfd_open(process.pid) for process in _processes(connection, execution, services)]
    began = time.monotonic()
    connection.stop(execution)
    _wait_for_all(watched, 60.0)
    gone = time.monotonic() - began
    connection.until_ended(execution)
    return gone, time.monotonic() - began


def _strike(connection: Connection, execution: int, services: Path) -> float:
    """Return the seconds from kill -9 until the API says that the execution has ended."""
    processes = _processes(connection, execution, services)
    began = time.monotonic()
    processes[0].kill()
    connection.until_ended(execution)
    seconds = time.monotonic() - began
    left = [process.pid for process in processes if process.is_running()]
    if left:
        raise RuntimeError(f"execution {execution} has ended, but its processes {left} run")
    return seconds


def _processes(connection: Connection, execution: int, services: Path) -> list[psutil.Process]:
    """Return a service's own process, from the keeper's record of it, and all below."""
    (service,) = connection.get(f"/execution/{execution}")["services"]
    record = load(services / str(service))
    if record is None:
        raise RuntimeError(f"the keeper has no record of service {service}")
    own = psutil.Process(record.pid)
    deadline = time.monotonic() + 10.0
    while len(below := own.children(recursive=True)) < 2:
        if time.monotonic() > deadline:
            raise RuntimeError(f"execution {execution} has only the processes {below} below its own")
        time.sleep(0.01)
    return [own, *below]


def _wait_for_all(descriptors: Sequence[int], seconds: float) -> None:
    """Wait until every process has ended: then its descriptor can be read."""
    deadline = time.monotonic() + seconds
    for descriptor in descriptors:
        ended = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]
        os.close(descriptor)
        if not ended:
            raise RuntimeError(f"after {seconds:.0f} s a process of a stopped execution still runs")


if __name__ == "__main__":
    main("termination", "DELETE until every process is gone; a death until it is noticed", measure, options)
