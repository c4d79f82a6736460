"""The lab session on the three-node Swarm."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from docker.errors import APIError

from backend_docker.client import Client, connect
from backend_docker.container import Surroundings
from backend_docker.networks import DEPLOYMENT_LABEL
from backend_docker.settings import EngineSettings
from backend_swarm.service import described
from backend_swarm.settings import SwarmSettings
from bench.lab_site import AT_A_TIME, Site, next_spec
from tests.engines.swarm import Swarm, swarm

_OURS = {"label": f"{DEPLOYMENT_LABEL}=bench-raw"}
_QUICKLY, _SHARE = 0.05, 4  # seconds between two looks at the tasks, or so many times what one takes


class RawSwarm:
    """One pooled client that makes services on the nodes in turn, eight at a time, and looks until all of them run.

    One service stands on every node all the time, hence the network there, as it is for Zoe.
    """

    def __init__(self, client: Client, network: str, directory: Path) -> None:
        self._client = client
        self._network = network
        self._directory = directory
        self._nodes = [str(node["ID"]) for node in client.nodes()]
        self._standing = [self._run(number) for number in range(len(self._nodes))]
        self._until_running(len(self._standing))

    def seconds(self, containers: int) -> float:
        """Make so many services, tell how long it took until all ran, and remove them."""
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            began = time.perf_counter()
            made = list(pool.map(self._run, range(containers)))
            self._until_running(containers + len(self._standing))
            taken = time.perf_counter() - began
            list(pool.map(self._client.remove_service, made))
            self._until(lambda tasks: len(tasks) == len(self._standing))
        return taken

    def close(self) -> None:
        """Remove what stands."""
        for service in self._standing:
            self._client.remove_service(service)  # type: ignore[no-untyped-call]
        self._until(lambda tasks: not tasks)

    def _run(self, number: int) -> str:
        around = Surroundings("bench-raw", self._network, 2.0, ())
        node = self._nodes[number % len(self._nodes)]
        return self._client.create_service_from(described(next_spec(self._directory), SwarmSettings(), around, node))

    def _until_running(self, tasks: int) -> None:
        self._until(lambda found: sum(task["Status"]["State"] == "running" for task in found) == tasks)

    def _until(self, done: Callable[[list[dict[str, Any]]], bool]) -> None:
        while True:
            began = time.perf_counter()
            if done(self._client.tasks(filters=_OURS)):  # type: ignore[no-untyped-call]
                return
            time.sleep(max(_QUICKLY, _SHARE * (time.perf_counter() - began)))


@contextmanager
def swarm_site(directory: Path) -> Iterator[Site]:
    """Lend a Swarm; the log of its manager tells its calls."""
    with swarm(("--debug",)) as cluster, _raw(cluster, directory) as raw:
        manager = cluster.manager.daemon
        environment = {
            "ZOE_BACKEND__NAME": "swarm",
            "ZOE_PLUGINS__SWARM__MANAGERS": json.dumps([{"url": manager.url}]),
            "ZOE_PLUGINS__SWARM__STOP_GRACE": "2",
        }
        yield Site(raw, environment, manager.directory / "log")


@contextmanager
def _raw(cluster: Swarm, directory: Path) -> Iterator[RawSwarm]:
    client = connect(EngineSettings(name="raw", url=cluster.manager.daemon.url), 120)
    ipam: Any = {"Driver": "default", "Config": [{"Subnet": "10.208.0.0/23"}]}
    made = client.create_network("bench-raw", driver="overlay", ipam=ipam, attachable=True, scope="swarm")
    raw = RawSwarm(client, str(made["Id"]), directory)
    try:
        yield raw
    finally:
        raw.close()
        # A node may still count a container that is gone; the whole Swarm goes next.
        with suppress(APIError):
            client.remove_network(made["Id"])
        client.close()
