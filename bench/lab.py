"""The lab session: a class submits at once, on a real Docker Engine of the bench's own; the raw engine beside it.

Raw is one pooled client that makes and starts the same containers on a network of the same kind, eight at a time.

- `ratio_to_raw`: executions submitted at once until all of them run, over raw; raw is measured before and after.
- `last_over_first`: executions one after the other, none removed: the mean time of the last three over the first three.
- `overhead_ms`: one execution of five services until it runs, less what raw needs for five; medians.
- `idle_cpu_percent`, `engine_calls_per_min`: while everything runs and nobody asks for anything.
"""

import statistics
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from docker.errors import APIError

from backend_docker.bridges import Bridges
from backend_docker.client import Client, connect
from backend_docker.container import Surroundings, described
from backend_docker.settings import DockerSettings, EngineSettings
from bench.connection import Connection, order
from bench.report import Figure, main
from bench.served import Served, data_directory, serve
from tests.engines.daemon import Daemon
from tests.engines.single import docker_engine
from zoe.plugin import Limits, Resources, ServiceId, ServiceSpec

_WORDS = ("sleep", "100000")
_MEMORY = 8 << 20
_SERVICES = 5
_AT_A_TIME = 8
_QUIET = 60.0  # seconds
_LOOK_AGAIN = 0.1  # seconds
_numbers = count(1_000_000)


def options(parser: ArgumentParser) -> None:
    """Say how many."""
    parser.add_argument("--engine", choices=("docker",), default="docker")
    parser.add_argument("--executions", type=int, default=25, help="of five services each, submitted at once")
    parser.add_argument("--rounds", type=int, default=10, help="of one execution alone")
    parser.add_argument("--idle", type=int, default=300, help="containers that run while the idle service is watched")


def measure(arguments: Namespace) -> dict[str, Figure]:
    """Run all of it on one engine."""
    # The engine's own log tells the calls.
    with (
        docker_engine(("--debug",)) as daemon,
        data_directory() as directory,
        _raw(daemon, directory) as raw,
        _zoe(daemon, directory / "zoe") as served,
    ):
        connection = served.connect()
        # Somebody's service is there already, hence the network, as it is for raw.
        _runs_at(connection, connection.submit(_order()))
        return {
            **_session(connection, raw, arguments.executions),
            **_one(connection, raw, arguments.rounds),
            **_row(connection, arguments.executions),
            **_idle(connection, served, daemon, arguments.idle),
        }


class Raw:
    """A client without Zoe."""

    def __init__(self, client: Client, network: str, directory: Path) -> None:
        self._client = client
        self._network = network
        self._directory = directory

    def seconds(self, containers: int) -> float:
        """Make and start so many containers, tell how long that took, and remove them."""
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            began = time.perf_counter()
            made = list(pool.map(self._run, range(containers)))
            taken = time.perf_counter() - began
            list(pool.map(lambda container: self._client.remove_container(container, force=True), made))
        return taken

    def _run(self, _: int) -> str:
        spec = _spec(next(_numbers), self._directory)
        body = described(spec, DockerSettings(), Surroundings("bench-raw", self._network, 2.0, ()))
        container = str(self._client.create_container_from_config(body, spec.dns_name)["Id"])  # type: ignore[no-untyped-call]
        self._client.start(container)
        return container


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


def _idle(connection: Connection, served: Served, daemon: Daemon, containers: int) -> dict[str, Figure]:
    submitted = [connection.submit(_order()) for _ in range(containers // _SERVICES)]
    for execution in submitted:
        _runs_at(connection, execution)
    log = daemon.directory / "log"
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
    resources = {"memory": {"min": _MEMORY, "max": 64 << 20}, "cores": {"min": 0.001, "max": None}}
    service: dict[str, Any] = {"name": "task", "image": "busybox:latest", "monitor": True, "startup_order": 0}
    service |= {"total_count": _SERVICES, "essential_count": _SERVICES, "resources": resources, "command": [*_WORDS]}
    return order({"name": "lab", "version": 3, "will_end": False, "size": 0, "services": [service]})


def _spec(number: int, directory: Path) -> ServiceSpec:
    return ServiceSpec(
        who=ServiceId(number, number, "task0"),
        group="task",
        owner="bench",
        owner_uid=1000,
        image="busybox:latest",
        command=_WORDS,
        environment={f"ZOE_BENCH_{n}": "as many as Zoe itself sets" for n in range(10)},
        reserved=Resources(0.001, _MEMORY),
        limits=Limits(memory=64 << 20),
        dns_name=f"raw-{number}",
        workspace=directory,
    )


@contextmanager
def _raw(daemon: Daemon, directory: Path) -> Iterator[Raw]:
    client = connect(EngineSettings(name="raw", url=daemon.url), 120)
    bridges = Bridges(client, internal=False)
    pool = {"Driver": "default", "Config": [{"Subnet": "10.208.0.0/23"}]}
    network = bridges.create("bench-raw", {}, pool, "bench-raw")
    try:
        yield Raw(client, network, directory)
    finally:
        # An engine may still count a container that is gone; the whole engine goes next.
        with suppress(APIError):
            bridges.remove(network)
        client.close()


@contextmanager
def _zoe(daemon: Daemon, directory: Path) -> Iterator[Served]:
    directory.mkdir(mode=0o711)
    environment = {"ZOE_BACKEND__NAME": "docker", "DOCKER_HOST": daemon.url}
    with serve(directory, environment) as served:
        yield served


def _calls(log: Path) -> int:
    return log.read_bytes().count(b"Calling ")


def _busy(served: Served) -> float:
    spent = served.process.cpu_times()
    return float(spent.user + spent.system)


if __name__ == "__main__":
    main("lab", "a class submits at once: Zoe and the raw engine on the same daemon", measure, options)
