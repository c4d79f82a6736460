"""The raw engine: the same work, so many at a time, by a bare pooled client that keeps no books."""

import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from docker.errors import APIError
from docker.types import LogConfig

from backend_docker.bridges import Bridges
from backend_docker.client import connect
from backend_docker.container import Surroundings, described
from backend_docker.settings import DockerSettings, EngineSettings
from tests.engines.daemon import Daemon
from zoe.plugin import Limits, Resources, ServiceId, ServiceSpec

_IMAGE = "busybox:latest"
_MEMORY = 64 << 20
_PATIENCE = 120.0  # seconds
_SUBNET = "10.208.0.0/23"
_numbers = count()


def rate(run: Callable[[], object], executions: int, at_a_time: int) -> float:
    """Return how many a second are run from beginning to end."""
    with ThreadPoolExecutor(at_a_time) as pool:
        began = time.perf_counter()
        for done in [pool.submit(run) for _ in range(executions)]:
            done.result()
    return executions / (time.perf_counter() - began)


def process(command: str, directory: Path) -> Callable[[], object]:
    """Return what runs a command line as a process, its output in a file."""

    def run() -> None:
        with (directory / f"raw-{next(_numbers)}.log").open("wb") as log:
            subprocess.run(["/bin/sh", "-c", command], stdout=log, stderr=log, check=True, start_new_session=True)

    return run


@contextmanager
def alike(daemon: Daemon, command: str, cores: float, directory: Path) -> Iterator[Callable[[], object]]:
    """Lend what runs a command line in the very container that Zoe would make, on a network of a user's kind."""
    client = connect(EngineSettings(name="raw", url=daemon.url), _PATIENCE)
    bridges = Bridges(client, None, internal=False)
    network = bridges.create("bench-raw", {}, {"Driver": "default", "Config": [{"Subnet": _SUBNET}]}, "bench-raw")

    def run() -> None:
        spec = _spec(next(_numbers), command, cores, directory)
        body = described(spec, DockerSettings(), Surroundings("bench-raw", network, cores, ()))
        made = client.create_container_from_config(body, spec.dns_name)["Id"]  # type: ignore[no-untyped-call]
        client.start(made)
        client.wait(made)
        client.remove_container(made, v=True)

    yield run
    # An engine may still count a container that is gone; the whole engine goes next.
    with suppress(APIError):
        bridges.remove(network)
    client.close()


def plain(daemon: Daemon, command: str) -> Callable[[], object]:
    """Return what runs a command line in the least of containers, on the bridge that everybody shares."""
    client = connect(EngineSettings(name="raw", url=daemon.url), _PATIENCE)
    limits = client.create_host_config(mem_limit=_MEMORY, log_config=LogConfig(type="json-file"))

    def run() -> None:
        made = client.create_container(_IMAGE, ["/bin/sh", "-c", command], host_config=limits)
        client.start(made)
        client.wait(made)
        client.remove_container(made)

    return run


def _spec(number: int, command: str, cores: float, directory: Path) -> ServiceSpec:
    return ServiceSpec(
        who=ServiceId(number, number, "task0"),
        group="task",
        owner="bench",
        owner_uid=1000,
        image=_IMAGE,
        command=command,
        environment={f"ZOE_BENCH_{n}": "as many as Zoe itself sets" for n in range(10)},
        reserved=Resources(cores, 8 << 20),
        limits=Limits(memory=_MEMORY),
        dns_name=f"raw-{number}",
        workspace=directory,
    )
