"""A whole `zoe serve` on a real engine: logs that outlive their containers, ends in words, and deaths of Zoe itself."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.acceptance.conftest import Zoe, open_directory, until, zoe_maker
from tests.acceptance.faults.kit import client as api
from tests.acceptance.faults.kit import entry, run, service
from tests.engines.daemon import Daemon
from tests.plugins.watcher import Watcher

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("docker")]

MIB = 1 << 20
BUSY: dict[str, Any] = {"image": "busybox:latest", "memory": 16 * MIB}
FOR_EVER = "echo hello; exec sleep 1000"


@pytest.fixture
def client(docker_engine: Daemon) -> Iterator[docker.APIClient]:
    with docker_engine.client() as client:
        yield client


@pytest.fixture(scope="module")
def _lasting(docker_engine: Daemon) -> Iterator[Zoe]:
    engines = [{"name": "node1", "url": docker_engine.url}]
    environment = {
        "ZOE_BACKEND__NAME": "docker",
        "ZOE_PLUGINS__DOCKER__ENGINES": json.dumps(engines),
        "ZOE_PLUGINS__DOCKER__PULL": "never",
        "ZOE_MASTER__STOP_GRACE": "1",
    }
    with open_directory() as directory, zoe_maker() as make:
        found = make(directory, environment)
        found.lift_quota()
        yield found


@pytest.fixture
def zoe(_lasting: Zoe) -> Iterator[Zoe]:
    """One Zoe for all tests, which may kill it and start it again."""
    yield _lasting
    assert _lasting.process is not None
    if _lasting.process.poll() is not None:
        _lasting.start()
    ended(_lasting)


def ended(zoe: Zoe) -> None:
    """Stop all executions and wait until nothing of them is left."""
    numbers = list(zoe.get("/execution"))
    for number in numbers:
        api(zoe).delete(f"/execution/{number}")
    for number in numbers:
        zoe.wait_for(int(number), "terminated", "error")


def ours(client: docker.APIClient) -> list[dict[str, Any]]:
    """Every container of any Zoe: there is one alone."""
    found: list[dict[str, Any]] = client.containers(all=True, filters={"label": "zoe_deployment_id"})
    return found


def number_of(zoe: Zoe, execution: int) -> int:
    return int(zoe.get(f"/execution/{execution}")["services"][0])


def kept_log(zoe: Zoe, execution: int) -> str:
    return api(zoe).get(f"/service/logs/{number_of(zoe, execution)}").raise_for_status().text


def test_a_log_is_followed_live_and_is_there_after_its_container_and_after_zoe(
    zoe: Zoe, client: docker.APIClient
) -> None:
    said = "echo one; while [ ! -e /mnt/workspace/go ]; do sleep 0.05; done; echo two; printf three"
    execution = run(zoe, entry("task", said, **BUSY))
    zoe.wait_for(execution, "running")
    address = f"/service/logs/{number_of(zoe, execution)}"
    with api(zoe).stream("GET", address, params={"follow": "true"}, timeout=60) as answer:
        lines = answer.iter_lines()
        assert next(lines).endswith(" one")
        (workspace,) = (mount["Source"] for mount in ours(client)[0]["Mounts"])
        (Path(workspace) / "go").touch()
        assert next(lines).endswith(" two")
    zoe.wait_for(execution, "terminated")
    assert not ours(client)
    texts = [line[20:] for line in kept_log(zoe, execution).splitlines()]
    assert texts == ["one", "two", "three"]
    zoe.end(signal.SIGTERM)
    zoe.start()
    assert [line[20:] for line in kept_log(zoe, execution).splitlines()] == texts


def test_who_uses_more_memory_than_the_limit_reads_it_in_words(zoe: Zoe, client: docker.APIClient) -> None:
    greedy = entry("task", "sleep 0.2; tail /dev/zero", image="busybox:latest")
    greedy["resources"]["memory"] = {"min": 16 * MIB, "max": 32 * MIB}
    execution = run(zoe, greedy)
    failed = zoe.wait_for(execution, "terminated", "error")
    assert failed["status"] == "error"
    assert failed["error_message"] == "task0 was killed because it used more memory than its limit of 32 MiB"
    assert service(zoe, execution, "task0")["backend_status"] == "oom-killed"
    assert not ours(client)


def test_an_image_that_is_not_there_fails_its_execution_alone(zoe: Zoe) -> None:
    good = run(zoe, entry("task", FOR_EVER, **BUSY))
    bad = run(zoe, entry("task", FOR_EVER, image="no-such-image:1", memory=16 * MIB))
    failed = zoe.wait_for(bad, "error", "terminated")
    assert "the image no-such-image:1 is not on node1" in failed["error_message"]
    assert zoe.wait_for(good, "running")["status"] == "running"


def test_an_environment_of_any_kind_is_passed_on(zoe: Zoe) -> None:
    odd = [["TEXT", "first\nsecond = third"], ["ODD", "ü \u2028 \\ \" ' $HOME"], ["BIG", "x" * 65_000]]
    fine = run(zoe, entry("task", FOR_EVER, environment=odd, **BUSY))
    assert zoe.wait_for(fine, "running", "error")["status"] == "running"


@pytest.mark.parametrize(("action", "times"), [("create", 2), ("start", 1)])
def test_zoe_killed_between_create_start_and_commit_finds_every_container_again_and_doubles_none(
    zoe: Zoe, client: docker.APIClient, action: str, times: int
) -> None:
    watcher = Watcher(zoe, client, "container", action, times)
    execution = run(zoe, entry("task", FOR_EVER, total=4, essential=4, **BUSY))
    watcher.wait()
    zoe.start()
    zoe.wait_for(execution, "running")
    names = sorted(found["Labels"]["zoe_service_name"] for found in ours(client))
    assert names == ["task0", "task1", "task2", "task3"]
    assert {found["State"] for found in ours(client)} == {"running"}
    zoe.stop_execution(execution)
    zoe.wait_for(execution, "terminated")
    assert nothing_left(client)


def test_zoe_killed_while_it_clears_away_leaves_nothing(zoe: Zoe, client: docker.APIClient) -> None:
    execution = run(zoe, entry("task", FOR_EVER, total=4, essential=4, **BUSY))
    zoe.wait_for(execution, "running")
    watcher = Watcher(zoe, client, "container", "destroy", 2)
    zoe.stop_execution(execution)
    watcher.wait()
    zoe.start()
    assert zoe.wait_for(execution, "terminated", "error")["status"] == "terminated"
    assert nothing_left(client)
    assert "hello" in kept_log(zoe, execution)


def nothing_left(client: docker.APIClient) -> bool:
    def look() -> bool:
        return not ours(client) and not client.networks(filters={"label": "zoe_deployment_id"})

    return until(look, "nothing left on the engine")
