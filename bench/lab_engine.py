"""The lab session on one Docker Engine."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from docker.errors import APIError

from backend_docker.bridges import Bridges
from backend_docker.client import Client, connect
from backend_docker.container import Surroundings, described
from backend_docker.settings import DockerSettings, EngineSettings
from bench.lab_site import AT_A_TIME, Site, next_spec
from tests.engines.daemon import Daemon
from tests.engines.single import docker_engine


class RawEngine:
    """One pooled client that makes and starts containers, eight at a time."""

    def __init__(self, client: Client, network: str, directory: Path) -> None:
        self._client = client
        self._network = network
        self._directory = directory

    def seconds(self, containers: int) -> float:
        """Make and start so many containers, tell how long that took, and remove them."""
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            began = time.perf_counter()
            made = list(pool.map(self._run, range(containers)))
            taken = time.perf_counter() - began
            list(pool.map(lambda container: self._client.remove_container(container, force=True), made))
        return taken

    def _run(self, _: int) -> str:
        spec = next_spec(self._directory)
        body = described(spec, DockerSettings(), Surroundings("bench-raw", self._network, 2.0, ()))
        container = str(self._client.create_container_from_config(body, spec.dns_name)["Id"])  # type: ignore[no-untyped-call]
        self._client.start(container)
        return container


@contextmanager
def engine_site(directory: Path) -> Iterator[Site]:
    """Lend an engine whose own log tells its calls."""
    with docker_engine(("--debug",)) as daemon, _raw(daemon, directory) as raw:
        yield Site(raw, {"ZOE_BACKEND__NAME": "docker", "DOCKER_HOST": daemon.url}, daemon.directory / "log")


@contextmanager
def _raw(daemon: Daemon, directory: Path) -> Iterator[RawEngine]:
    client = connect(EngineSettings(name="raw", url=daemon.url), 120)
    bridges = Bridges(client, None, internal=False)
    pool = {"Driver": "default", "Config": [{"Subnet": "10.208.0.0/23"}]}
    network = bridges.create("bench-raw", {}, pool, "bench-raw")
    try:
        yield RawEngine(client, network, directory)
    finally:
        # An engine may still count a container that is gone; the whole engine goes next.
        with suppress(APIError):
            bridges.remove(network)
        client.close()
