"""What the tests of several plugins need."""

from tests.engines.fixtures import docker_engine, swarm_cluster

__all__ = ["docker_engine", "swarm_cluster"]
