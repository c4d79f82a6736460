"""A full cluster of elastic services: how soon the core of a new execution runs.

A real `zoe serve` with the process backend. One execution fills the machine with elastic services that obey SIGTERM;
then executions are submitted one after the other, each needing the room of two elastic services, and each is timed
from its POST to the event that says it runs. Before the next one the elastic services have come back.
"""

import argparse
import time

from bench.connection import Connection, order
from bench.report import Figure, main, percentile
from bench.served import data_directory, serve

_CORES = 10.0


def _part(name: str, cores: float, total: int, core: int, *, monitor: bool) -> dict[str, object]:
    resources = {"memory": {"min": 1 << 20, "max": None}, "cores": {"min": cores, "max": None}}
    counts = {"total_count": total, "essential_count": core, "monitor": monitor, "startup_order": 0}
    return {"name": name, "image": "bench:1", "resources": resources, "command": "exec sleep 600", **counts}


def _zapp(*services: dict[str, object]) -> dict[str, object]:
    return {"name": "bench", "version": 3, "will_end": True, "services": list(services)}


def _running_after(connection: Connection, execution: int, posted: float) -> float:
    """Return the milliseconds from the POST to the event `running`."""
    while True:
        events = connection.get(f"/execution/{execution}/events")["events"]
        for event in events:
            if event["after"] == "running":
                return float(event["at"] - posted) * 1000
        time.sleep(0.01)


def measure(arguments: argparse.Namespace) -> dict[str, Figure]:
    """Fill the machine, then let executions come one by one."""
    took = []
    with data_directory() as directory, serve(directory, {"ZOE_PLUGINS__PROCESS__CORES": str(_CORES)}) as served:
        connection = served.connect()
        wide = _zapp(_part("core", 1.0, 1, 1, monitor=True), _part("elastic", 0.5, 18, 0, monitor=False))
        filled = connection.submit(order(wide))
        for _ in range(arguments.rounds):
            _until_active(connection, filled, 19)
            posted = time.time()
            execution = connection.submit(order(_zapp(_part("core", 1.0, 1, 1, monitor=True))))
            took.append(_running_after(connection, execution, posted))
            connection.stop(execution)
            connection.until_ended(execution)
        connection.stop(filled)
        connection.until_ended(filled)
    return {
        "core_start_p50_ms": Figure(percentile(took, 50), "ms"),
        "core_start_p95_ms": Figure(percentile(took, 95), "ms", "below 2,000"),
        "rounds": Figure(len(took), ""),
    }


def _until_active(connection: Connection, execution: int, wanted: int) -> None:
    while True:
        services = connection.get(f"/execution/{execution}")["services"]
        if sum(connection.get(f"/service/{id_}")["status"] == "active" for id_ in services) == wanted:
            return
        time.sleep(0.05)


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=20, help="how many executions come")


if __name__ == "__main__":
    main("elastic", "a full cluster of elastic services: how soon a new execution's core runs", measure, _options)
