"""The bare engine: copies of a container that Zoe made, with its image, limits and network, to their first answer.

Each copy has a network of its own, as each of Zoe's users has, or all share the one of the container that is copied.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from ipaddress import ip_network
from itertools import count
from typing import Any

import docker
import httpx

from bench.lab_session.students import Page
from tests.engines.daemon import Daemon

_AT_A_TIME = 8
_LOOK_AGAIN = 0.25
_PATIENCE = 900.0
_LABEL = "zoe_execution_id"
_OURS = "bare"
_RANGE = ip_network("10.209.0.0/16")


class Bare:
    """A pooled client that copies the one container of an execution."""

    def __init__(self, client: docker.APIClient, execution: int, page: Page) -> None:
        [found] = client.containers(filters={"label": f"{_LABEL}={execution}"})
        self._client, self._like = client, client.inspect_container(found["Id"])
        self._page = page
        self._path = _path_of(execution, page)
        self._network = client.inspect_network(self._like["HostConfig"]["NetworkMode"])
        subnet = ip_network(self._network["IPAM"]["Config"][0]["Subnet"])
        # A list: several threads take from it, and a generator does not let them.
        self._subnets = iter(list(_RANGE.subnets(new_prefix=subnet.prefixlen)))
        self._numbers = count()

    def seconds(self, containers: int, *, apart: bool) -> float:
        """Make and start so many copies, tell when the last of them answered, and remove them.

        `apart`: each in a network of its own.
        """
        began = time.time()
        with ThreadPoolExecutor(_AT_A_TIME) as starting, ThreadPoolExecutor(containers) as looking:
            made = [starting.submit(self._start, apart=apart) for _ in range(containers)]
            there = [looking.submit(self._until_there, one.result()) for one in made]
            last = max(one.result() for one in there)
            for one in made:
                self._client.remove_container(one.result(), force=True)
        self._client.prune_networks({"label": _OURS})  # type: ignore[no-untyped-call]
        return last - began

    def _start(self, *, apart: bool) -> str:
        config = {key: self._like["Config"][key] for key in ("Image", "Cmd", "Env", "User", "WorkingDir", "Entrypoint")}
        name = f"bare-{next(self._numbers)}"
        host = self._like["HostConfig"] | ({"NetworkMode": self._own_network(name)} if apart else {})
        body: dict[str, Any] = {**config, "HostConfig": host}
        container = str(self._client.create_container_from_config(body, name)["Id"])  # type: ignore[no-untyped-call]
        self._client.start(container)
        return container

    def _own_network(self, name: str) -> str:
        like = self._network
        made = self._client.create_network(
            name, driver=like["Driver"], internal=like["Internal"], labels={_OURS: ""},
            ipam={"Driver": "default", "Config": [{"Subnet": str(next(self._subnets))}]},  # type: ignore[arg-type]
        )  # fmt: skip
        return str(made["Id"])

    def _until_there(self, container: str) -> float:
        networks = self._client.inspect_container(container)["NetworkSettings"]["Networks"]
        address = next(one["IPAddress"] for one in networks.values())
        deadline = time.time() + _PATIENCE
        with httpx.Client(timeout=10.0) as browser:
            while time.time() < deadline:
                if _answers(browser, f"http://{address}:{_number(self._like)}{self._path}", self._page.says):
                    return time.time()
                time.sleep(_LOOK_AGAIN)
        raise RuntimeError(f"container {container} never answered")


@contextmanager
def bare(daemon: Daemon, execution: int, page: Page) -> Iterator[Bare]:
    """Lend copies of this execution's container, which has to run."""
    with daemon.client() as client:
        yield Bare(client, execution, page)


def _answers(browser: httpx.Client, address: str, says: str) -> bool:
    try:
        found = browser.get(address)
    except httpx.HTTPError:
        return False
    return found.status_code == 200 and says in found.text


def _path_of(execution: int, page: Page) -> str:
    prefix = f"/{execution}/{page.service}/{page.port}" if page.prefixed else ""
    return f"{prefix}/{page.path}"


def _number(like: dict[str, Any]) -> int:
    number = next((one.split("=", 1)[1] for one in like["Config"]["Env"] if one.startswith("ZOE_LAB_PORT=")), "8080")
    return int(number)
