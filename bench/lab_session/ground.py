"""Where the class sits: one engine, or the three-node Swarm, and what is left there when everybody has gone."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tests.engines.daemon import Daemon
from tests.engines.images import give_spark
from tests.engines.single import docker_engine
from tests.engines.swarm import swarm as docker_swarm

_OURS = "zoe_deployment_id"
_LETTING_GO, _LOOK_AGAIN = 30.0, 0.5  # seconds


@dataclass(frozen=True, slots=True)
class Ground:
    """Engines with the images on them, and the settings by which Zoe finds them."""

    daemons: tuple[Daemon, ...]
    environment: Mapping[str, str]

    def left_over(self) -> int:
        """Return how many containers (doors among them) and users' networks of Zoe's stay on the nodes.

        Nodes of a Swarm let go of a network some time after it is gone: they are given that time.
        """
        deadline = time.monotonic() + _LETTING_GO
        while (left := self._there()) and time.monotonic() < deadline:
            time.sleep(_LOOK_AGAIN)
        return left

    def _there(self) -> int:
        left = 0
        for daemon in self.daemons:
            with daemon.client() as client:
                containers = client.containers(all=True, filters={"label": _OURS})
                left += len(containers) + len(client.networks(filters={"label": _OURS}))
        return left


@contextmanager
def engine() -> Iterator[Ground]:
    """Lend one engine."""
    with docker_engine() as daemon:
        give_spark(daemon)
        yield Ground((daemon,), {"ZOE_BACKEND__NAME": "docker", "DOCKER_HOST": daemon.url})


@contextmanager
def swarm() -> Iterator[Ground]:
    """Lend the Swarm."""
    with docker_swarm() as found:
        daemons = tuple(node.daemon for node in found.nodes)
        for daemon in daemons:
            give_spark(daemon)
        # Zoe is on none of the nodes: each network has a door on the manager.
        managers = [{"url": found.manager.daemon.url, "door_address": found.manager.address}]
        yield Ground(daemons, {"ZOE_BACKEND__NAME": "swarm", "ZOE_PLUGINS__SWARM__MANAGERS": json.dumps(managers)})


GROUNDS = {"docker": engine, "swarm": swarm}
