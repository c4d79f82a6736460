"""Submission: 16 clients, 2,000 tiny ZApps against the embedded PostgreSQL.

Measured twice. First all of them wait, for one execution holds the whole machine: that is submission alone, with the
master taking them up and planning over a growing queue (`rate_per_s`, `p99_ms`). Then another 500 run as they come, ten
at a time, on the same two cores that answer (`running_rate_per_s`, `running_p99_ms`; `run_per_s`: how many executions
a second go all the way from submission to their end).

`lost`: answered ids that are not there afterwards under their own name, or did not run to their end in the second part.
The clients are threads of this process over plain http.client; `client_cpu_ms` is what one submission costs them.
"""

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bench.connection import Connection, order, zapp
from bench.report import Figure, main, percentile
from bench.served import Served, data_directory, serve

_MACHINE = {"ZOE_PLUGINS__PROCESS__CORES": "1"}


@dataclass(frozen=True, slots=True)
class Submitted:
    """What the clients were answered: the seconds each took, names by id; seconds in all, the clients' CPU seconds."""

    took: list[float]
    names: dict[int, str]
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        """Return submissions a second."""
        return len(self.took) / self.seconds


def options(parser: ArgumentParser) -> None:
    """Say how much to submit."""
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--executions", type=int, default=2000)
    parser.add_argument("--running", type=int, default=500, help="how many more that run as they come")


def measure(arguments: Namespace) -> dict[str, Figure]:
    """Submit to a full machine, then to one that runs them."""
    with data_directory() as directory, serve(directory, _MACHINE) as served:
        running, run_seconds, undone = _while_they_run(served, arguments.clients, arguments.running)
        waiting = _while_they_wait(served, arguments.clients, arguments.executions)
        lost = _missing(served.connect(), running.names | waiting.names) + undone
    return {
        "rate_per_s": Figure(waiting.rate, "1/s", "at least 200"),
        "p99_ms": Figure(percentile(waiting.took, 99) * 1e3, "ms", "below 150"),
        "p50_ms": Figure(percentile(waiting.took, 50) * 1e3, "ms"),
        "lost": Figure(lost, "", "0"),
        "client_cpu_ms": Figure(waiting.cpu / len(waiting.took) * 1e3, "ms"),
        "running_rate_per_s": Figure(running.rate, "1/s"),
        "running_p99_ms": Figure(percentile(running.took, 99) * 1e3, "ms"),
        "run_per_s": Figure(len(running.took) / run_seconds, "1/s"),
    }


def _while_they_run(served: Served, clients: int, executions: int) -> tuple[Submitted, float, int]:
    began = time.monotonic()
    submitted = _submit(served, clients, executions, "runs")
    connection = served.connect()
    connection.until_idle(600.0)
    seconds = time.monotonic() - began
    done = {int(id_) for id_ in connection.get("/execution?status=terminated")}
    return submitted, seconds, len(submitted.names.keys() - done)


def _while_they_wait(served: Served, clients: int, executions: int) -> Submitted:
    connection = served.connect()
    gate = connection.submit(order(zapp("sleep 3600", cores=1.0), "gate"))
    connection.until(gate, "running")
    return _submit(served, clients, executions, "waits")


def _submit(served: Served, clients: int, executions: int, prefix: str) -> Submitted:
    numbers = iter(range(executions))
    with ThreadPoolExecutor(clients) as pool:
        connections = [served.connect() for _ in range(clients)]
        list(pool.map(lambda connection: connection.get("/info"), connections))
        cpu, began = time.process_time(), time.monotonic()
        answers = list(pool.map(lambda connection: list(_client(connection, numbers, prefix)), connections))
        seconds, cpu = time.monotonic() - began, time.process_time() - cpu
    flat = [answer for one in answers for answer in one]
    return Submitted([took for took, _, _ in flat], {id_: name for _, id_, name in flat}, seconds, cpu)


def _client(connection: Connection, numbers: Iterator[int], prefix: str) -> Iterator[tuple[float, int, str]]:
    application = zapp("true")
    for number in numbers:
        name = f"{prefix}-{number}"
        body = order(application, name)
        began = time.perf_counter()
        id_ = connection.submit(body)
        yield time.perf_counter() - began, id_, name


def _missing(connection: Connection, names: dict[int, str]) -> int:
    stored = {int(id_): execution["name"] for id_, execution in connection.get("/execution").items()}
    return sum(stored.get(id_) != name for id_, name in names.items())


if __name__ == "__main__":
    main("submission", "16 clients, 2,000 tiny ZApps against the embedded PostgreSQL", measure, options)
