"""Engines as pytest fixtures: started when the first test asks, once for all tests of a worker."""

import os
from collections.abc import Iterator

import pytest

from tests.engines import single, swarm
from tests.engines.daemon import Daemon
from tests.engines.needs import why_not


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[Daemon]:
    """A Docker Engine with the image `busybox`."""
    _require()
    with single.docker_engine() as daemon:
        yield daemon


@pytest.fixture(scope="session")
def swarm_cluster() -> Iterator[swarm.Swarm]:
    """A Swarm of three nodes, each with the image `busybox`."""
    _require()
    with swarm.swarm() as found:
        yield found


def _require() -> None:
    reason = why_not()
    if reason and os.environ.get("ZOE_TESTS_REQUIRE_ALL") == "1":
        pytest.fail(reason, pytrace=False)
    if reason:
        pytest.skip(reason)
