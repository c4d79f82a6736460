"""Where the class sits: one engine, or the three-node Swarm, and what is left there when everybody has gone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tests.engines.daemon import Daemon
from tests.engines.images import give_spark
from tests.engines.single import docker_engine
from tests.engines.swarm import swarm as docker_swarm

_OF_A_USER = "zoe_owner"


@dataclass(frozen=True, slots=True)
class Ground:
    """Engines with the images on them, and the settings by which Zoe finds them."""

    daemons: tuple[Daemon, ...]
    environment: Mapping[str, str]

    def left_over(self) -> int:
        """Return how many containers, services and users' networks of Zoe's there still are."""
        left = 0
        for daemon in self.daemons:
            with daemon.client() as client:
                containers = client.containers(all=True, filters={"label": _OF_A_USER})
                networks = [one for one in client.networks() if _OF_A_USER in (one.get("Labels") or {})]
                left += len(containers) + len(networks)
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
        yield Ground(daemons, {"ZOE_BACKEND__NAME": "swarm", "DOCKER_HOST": found.manager.daemon.url})


GROUNDS = {"docker": engine, "swarm": swarm}
