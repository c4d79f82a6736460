"""A whole `zoe serve` on the three-node Swarm: a real job, logs, lost and drained nodes, and deaths of Zoe itself."""

import json
import signal
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.acceptance.conftest import Zoe, open_directory, until, zoe_maker
from tests.acceptance.faults.kit import client as api
from tests.acceptance.faults.kit import entry, run
from tests.engines.images import SPARK, give_spark
from tests.engines.swarm import Node, Swarm
from tests.plugins.watcher import Watcher
from zoe.cli.demo_run import PARAMETERS, SCRIPT
from zoe.client import Client

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.xdist_group("swarm"),
    # The library docker leaves a socket open where a manager does not answer.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

BUSY: dict[str, Any] = {"image": "busybox:latest", "memory": 16 << 20}
FOR_EVER = "echo hello; exec sleep 1000"
WORKERS: dict[str, Any] = {**BUSY, "labels": ["worker"]}
CAP = 1 << 16


@pytest.fixture
def client(swarm_cluster: Swarm) -> Iterator[docker.APIClient]:
    with swarm_cluster.client() as client:
        yield client


@pytest.fixture(scope="module")
def _lasting(swarm_cluster: Swarm) -> Iterator[Zoe]:
    with swarm_cluster.client() as client:
        for node in swarm_cluster.nodes:
            change(client, node, Labels={"manager" if node is swarm_cluster.manager else "worker": ""})
    with open_directory() as directory, zoe_maker() as make:
        settings = {
            "ZOE_BACKEND__NAME": "swarm",
            "ZOE_PLUGINS__SWARM__MANAGERS": json.dumps([{"url": swarm_cluster.manager.daemon.url}]),
            "ZOE_PLUGINS__SWARM__STOP_GRACE": "1",
            "ZOE_PLUGINS__SWARM__LOG_MAX_BYTES": str(CAP),
            "ZOE_MASTER__LOST_CORE": "restart",
        }
        found = make(directory, settings)
        found.lift_quota()
        yield found
    with swarm_cluster.client() as client:
        for node in swarm_cluster.nodes:
            change(client, node, Labels={})


@pytest.fixture
def zoe(_lasting: Zoe) -> Iterator[Zoe]:
    """One Zoe for all tests, which may kill it and start it again."""
    yield _lasting
    assert _lasting.process is not None
    if _lasting.process.poll() is not None:
        _lasting.start()
    numbers = [int(number) for number in _lasting.get("/execution")]
    for number in numbers:
        api(_lasting).delete(f"/execution/{number}")  # refused where it has ended
    for number in numbers:
        _lasting.wait_for(number, "terminated", "error")


@pytest.fixture
def hurt(swarm_cluster: Swarm, client: docker.APIClient) -> Iterator[list[Node]]:
    """Nodes to be hurt; afterwards those that a test has put here are well again."""
    nodes: list[Node] = []
    yield nodes
    for node in nodes:
        node.heal()
        until(lambda node=node: state(client, node) == "ready", "the node")  # type: ignore[misc]
        change(client, node, Availability="active")


def change(client: docker.APIClient, node: Node, **fields: object) -> None:
    """Change what the administrator says of a node."""
    found = told(client, node)
    client.update_node(found["ID"], found["Version"]["Index"], {**found["Spec"], **fields})  # type: ignore[arg-type]


def told(client: docker.APIClient, node: Node) -> dict[str, Any]:
    return next(one for one in client.nodes() if one["Description"]["Hostname"] == node.name)


def state(client: docker.APIClient, node: Node) -> str:
    return str(told(client, node)["Status"]["State"])


def ours(client: docker.APIClient) -> list[dict[str, Any]]:
    """Every service of any Zoe: there is one alone."""
    found: list[dict[str, Any]] = client.services(filters={"label": "zoe_deployment_id"})  # type: ignore[no-untyped-call]
    return found


def nothing_left(client: docker.APIClient, network: str) -> bool:
    """Tell whether in the end neither a service nor the network (its id) is there."""

    def look() -> bool:
        return not ours(client) and not client.networks(ids=[network])

    return until(look, "nothing left on the Swarm")


def services(zoe: Zoe, execution: int, group: str) -> list[dict[str, Any]]:
    found = [zoe.get(f"/service/{number}") for number in zoe.get(f"/execution/{execution}")["services"]]
    return [one for one in found if one["name"].startswith(group)]


def places(zoe: Zoe, execution: int, group: str) -> list[str]:
    """Return the nodes of those services of a group that run."""
    return [one["backend_host"] for one in services(zoe, execution, group) if one["status"] == "active"]


def named(cluster: Swarm, name: str) -> Node:
    return next(node for node in cluster.nodes if node.name == name)


def kept_log(zoe: Zoe, execution: int) -> list[str]:
    number = zoe.get(f"/execution/{execution}")["services"][0]
    return [line[20:] for line in api(zoe).get(f"/service/logs/{number}").raise_for_status().text.splitlines()]


def test_a_log_is_followed_live_and_is_there_after_its_service_and_after_zoe(
    zoe: Zoe, client: docker.APIClient
) -> None:
    said = "echo one; while [ ! -e /mnt/workspace/go ]; do sleep 0.05; done; echo two; printf three"
    execution = run(zoe, entry("task", said, **BUSY))
    zoe.wait_for(execution, "running")
    number = zoe.get(f"/execution/{execution}")["services"][0]
    with api(zoe).stream("GET", f"/service/logs/{number}", params={"follow": "true"}, timeout=60) as answer:
        lines = (line for line in answer.iter_lines() if line)
        assert next(lines).endswith(" one")
        (go_at(client)).touch()
        assert [line[20:] for line in lines] == ["two", "three"]
    zoe.wait_for(execution, "terminated")
    assert not ours(client)
    assert kept_log(zoe, execution) == ["one", "two", "three"]
    zoe.end(signal.SIGTERM)
    zoe.start()
    assert kept_log(zoe, execution) == ["one", "two", "three"]


def go_at(client: docker.APIClient) -> Path:
    (found,) = ours(client)
    mounts = found["Spec"]["TaskTemplate"]["ContainerSpec"]["Mounts"]
    workspace = next(mount["Source"] for mount in mounts if mount["Target"] == "/mnt/workspace")
    return Path(workspace) / "go"


def test_of_a_log_beyond_its_cap_the_newest_part_is_kept_with_a_mark(zoe: Zoe) -> None:
    execution = run(zoe, entry("task", "seq 1 4000 | sed 's/^/a line that counts /'", **BUSY))
    zoe.wait_for(execution, "terminated")
    lines = kept_log(zoe, execution)
    assert lines[-2] == "a line that counts 4000"
    assert lines[-1].startswith("[Zoe: this log is long")
    assert lines[0] != "a line that counts 1"
    assert sum(map(len, lines)) < CAP


def test_zoe_killed_in_the_middle_of_starts_finds_every_service_again_and_doubles_none(
    zoe: Zoe, client: docker.APIClient
) -> None:
    watcher = Watcher(zoe, client, "service", "create", 2)
    execution = run(zoe, entry("task", FOR_EVER, total=4, essential=4, **BUSY))
    watcher.wait()
    zoe.start()
    zoe.wait_for(execution, "running")
    names = sorted(found["Spec"]["Labels"]["zoe_service_name"] for found in ours(client))
    assert names == ["task0", "task1", "task2", "task3"]
    network = ours(client)[0]["Spec"]["TaskTemplate"]["Networks"][0]["Target"]
    watcher = Watcher(zoe, client, "service", "remove", 2)
    zoe.stop_execution(execution)
    watcher.wait()
    zoe.start()
    assert zoe.wait_for(execution, "terminated", "error")["status"] == "terminated"
    assert nothing_left(client, network)


def test_what_a_lost_node_ran_runs_elsewhere_soon_after_the_swarm_says_so(
    zoe: Zoe, client: docker.APIClient, swarm_cluster: Swarm, hurt: list[Node]
) -> None:
    stays = run(
        zoe,
        entry("core", FOR_EVER, labels=["manager"], **BUSY),
        entry("more", FOR_EVER, 4, 0, monitor=False, **WORKERS),
    )
    moves = run(zoe, entry("core", FOR_EVER, **WORKERS))
    until(lambda: len(places(zoe, stays, "more")) == 4, "the elastic services")
    zoe.wait_for(moves, "running")
    (place,) = places(zoe, moves, "core")
    lost = named(swarm_cluster, place)
    assert place in places(zoe, stays, "more")
    hurt.append(lost)
    lost.crash()
    until(lambda: state(client, lost) == "down", "the Swarm's word")
    _elsewhere(zoe, stays, place)
    assert zoe.wait_for(moves, "running")["status"] == "running"
    assert places(zoe, moves, "core") != [place]
    steps = [event["after"] for event in zoe.get(f"/execution/{stays}/events")["events"] if event["after"]]
    assert steps == ["submitted", "queued", "starting", "running"]


def _elsewhere(zoe: Zoe, execution: int, lost: str) -> None:
    """See all elastic services run on other nodes."""

    def look() -> bool:
        found = places(zoe, execution, "more")
        return len(found) == 4 and lost not in found

    until(look, "the elastic services elsewhere")


def test_where_lost_core_is_end_a_partition_ends_the_execution_and_the_healed_node_runs_nothing_of_it(
    zoe: Zoe, client: docker.APIClient, swarm_cluster: Swarm, hurt: list[Node]
) -> None:
    restarts = zoe.environment
    zoe.end(signal.SIGTERM)
    zoe.environment = {**restarts, "ZOE_MASTER__LOST_CORE": "end"}
    zoe.start()
    execution = run(zoe, entry("core", FOR_EVER, **WORKERS))
    zoe.wait_for(execution, "running")
    lost = named(swarm_cluster, places(zoe, execution, "core")[0])
    hurt.append(lost)
    lost.plug(connected=False)
    ended = zoe.wait_for(execution, "error", "terminated")
    assert kept_log(zoe, execution) == ["[Zoe: the rest of this log was lost with its node]"]
    assert ended["error_message"] == f"core0 its node {lost.name} was lost"
    lost.plug(connected=True)
    until(lambda: state(client, lost) == "ready", "the node")
    with lost.daemon.client() as node:
        until(lambda: not node.containers(filters={"label": "zoe_deployment_id"}), "the end of what was lost")
    zoe.end(signal.SIGTERM)
    zoe.environment = restarts
    zoe.start()


def test_a_drained_node_is_left_and_gets_nothing_new(
    zoe: Zoe, client: docker.APIClient, swarm_cluster: Swarm, hurt: list[Node]
) -> None:
    first = run(zoe, entry("core", FOR_EVER, **WORKERS))
    zoe.wait_for(first, "running")
    drained = named(swarm_cluster, places(zoe, first, "core")[0])
    hurt.append(drained)
    change(client, drained, Availability="drain")
    until(lambda: places(zoe, first, "core") not in ([], [drained.name]), "the service elsewhere")
    more = run(zoe, entry("core", FOR_EVER, 3, 3, **WORKERS))
    zoe.wait_for(more, "running")
    assert drained.name not in places(zoe, more, "core")


def test_a_manager_that_is_started_again_is_listened_to_again_and_nothing_is_lost(
    zoe: Zoe, client: docker.APIClient, swarm_cluster: Swarm
) -> None:
    said = "echo one; while [ ! -e /mnt/workspace/go-on ]; do sleep 0.05; done; echo two"
    execution = run(zoe, entry("task", said, **WORKERS))
    zoe.wait_for(execution, "running")
    go = go_at(client).with_name("go-on")
    swarm_cluster.manager.daemon.kill()
    swarm_cluster.manager.daemon.start()
    until(lambda: {state(client, node) for node in swarm_cluster.nodes} == {"ready"}, "the nodes")
    assert zoe.status(execution) == "running"
    go.touch()
    assert zoe.wait_for(execution, "terminated", "error")["status"] == "terminated"
    assert kept_log(zoe, execution) == ["one", "two"]


def test_the_word_count_of_the_demonstration_is_submitted_to_zoe_and_its_parts_are_on_different_nodes(
    zoe: Zoe, swarm_cluster: Swarm
) -> None:
    for node in swarm_cluster.nodes:
        give_spark(node.daemon)
    door = json.loads((zoe.data_dir / "local.json").read_text())
    parameters = {name: given for name, given in PARAMETERS.items() if name != "arguments"} | {"image": SPARK}
    with Client(door["url"], door["token"]) as person:
        person.upload(SCRIPT, files("zapp_spark.examples").joinpath("wordcount.py").read_bytes())
        execution = person.submit_type("spark", parameters, "words")
        zoe.wait_for(execution, "running", "error")
        until(lambda: len(set(places(zoe, execution, "spark"))) > 1, "parts on different nodes")
        assert zoe.wait_for(execution, "terminated", "error")["status"] == "terminated"
        (driver,) = services(zoe, execution, "spark-driver")
        said = list(person.logs(driver["id"], follow=False))
    assert any("wordcount-summary: " in line for line in said)
    assert sum("wordcount: " in line for line in said) == 10
