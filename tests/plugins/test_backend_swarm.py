"""The backend `swarm` on three real nodes: where services run, who reaches whom, what a lost node or manager means."""

import itertools
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import docker
import pytest
from docker.errors import APIError

from backend_docker.subnets import free
from backend_swarm.backend import SwarmBackend
from backend_swarm.settings import ManagerSettings, SwarmSettings
from backend_swarm.tasks import service_of
from tests.engines.swarm import Node, Swarm
from zoe.errors import BackendRefusedError, BackendUnavailableError
from zoe.plugin import Deployment, Resources, ServiceReport, ServiceState
from zoe.testing.changes import watched
from zoe.testing.service_spec import service_spec

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.xdist_group("swarm"),
    # The library docker leaves a socket open where a manager does not answer.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

FOR_EVER = "sleep 1000"
WEB = "mkdir /tmp/www; echo hello > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www"
_numbers = itertools.count(1)


@pytest.fixture
def backend(swarm_cluster: Swarm, tmp_path: Path) -> Iterator[SwarmBackend]:
    # The first manager is gone for ever: the next one is asked.
    managers = [
        ManagerSettings(url=f"unix://{tmp_path}/gone.sock"),
        ManagerSettings(url=swarm_cluster.manager.daemon.url),
    ]
    settings = SwarmSettings(managers=managers, stop_grace=1.0, look_seconds=0.5, pull="never")
    found = SwarmBackend(settings, Deployment("swarm", tmp_path.name, tmp_path))
    found.open()
    yield found
    for report in found.services():
        found.remove(report.handle)
    found.close()


@pytest.fixture
def third(swarm_cluster: Swarm) -> Iterator[Node]:
    """A node to be hurt; afterwards it is well again."""
    node = swarm_cluster.nodes[2]
    yield node
    node.heal()
    until(lambda: node.name in ready(swarm_cluster))


def ready(cluster: Swarm) -> set[str]:
    with cluster.client() as client:
        return {n["Description"]["Hostname"] for n in client.nodes() if n["Status"]["State"] == "ready"}


def start(backend: SwarmBackend, tmp_path: Path, command: str, node: str, **fields: object) -> ServiceReport:
    spec = service_spec(backend, tmp_path / "workspace", next(_numbers), command, **fields)
    return backend.start(spec, node)


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.2)


def test_every_node_is_told_and_a_drained_one_gets_nothing_new(backend: SwarmBackend, swarm_cluster: Swarm) -> None:
    assert {node.name for node in backend.nodes() if not node.disabled} == {n.name for n in swarm_cluster.nodes}
    with swarm_cluster.client() as client:
        third = next(n for n in client.nodes() if n["Description"]["Hostname"] == "zoe-node3")
        spec = third["Spec"]
        client.update_node(third["ID"], third["Version"]["Index"], {**spec, "Availability": "drain"})  # type: ignore[arg-type]
        try:
            found = {node.name: node for node in backend.nodes()}["zoe-node3"]
            assert (found.online, found.disabled) == (True, True)
        finally:
            now = client.inspect_node(third["ID"])
            client.update_node(third["ID"], now["Version"]["Index"], {**spec, "Availability": "active"})  # type: ignore[arg-type]


def test_a_service_runs_on_the_node_that_was_chosen(backend: SwarmBackend, tmp_path: Path) -> None:
    for node in ("zoe-node3", "zoe-node1", "zoe-node2"):
        assert start(backend, tmp_path, FOR_EVER, node).node == node


def test_services_of_one_user_meet_across_nodes_and_another_users_stay_out(
    backend: SwarmBackend, tmp_path: Path
) -> None:
    server = start(backend, tmp_path, WEB, "zoe-node1")
    name = backend.dns_name(server.who)
    fetch = f"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 {server.address} 8080 2>&-"
    script = f"nslookup {name} | grep Address; {fetch}; true"
    own = start(backend, tmp_path, script, "zoe-node2")
    foreign = [start(backend, tmp_path, script, node, owner="eve") for node in ("zoe-node1", "zoe-node2")]
    said = [b"".join(backend.logs(one.handle, follow=True)) for one in (own, *foreign)]
    assert b"hello" in said[0]
    assert str(server.address).encode() in said[0]
    for words in said[1:]:
        assert b"hello" not in words
        assert str(server.address).encode() not in words


def test_a_node_that_uses_a_subnet_for_something_else_gets_a_network_with_another(
    swarm_cluster: Swarm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is for a while after a network is gone: nodes give a subnet back later than the managers."""
    third, settings = swarm_cluster.nodes[2], settings_of(swarm_cluster)
    monkeypatch.setattr("backend_docker.networks.secrets.randbelow", lambda _: 0)
    backend = SwarmBackend(settings, Deployment("crowded", tmp_path.name, tmp_path))
    taken = next(free(settings.network, ()))
    backend.open()
    with third.daemon.client() as client:
        pool = docker.types.IPAMConfig(pool_configs=[docker.types.IPAMPool(subnet=str(taken))])
        client.create_network("not-zoes", driver="bridge", ipam=pool)
        try:
            report = start(backend, tmp_path, FOR_EVER, third.name)
            assert report.state == ServiceState.STARTED
            assert IPv4Address(report.address or "") not in taken
            backend.remove(report.handle)
        finally:
            client.remove_network("not-zoes")
            backend.close()


def test_an_image_that_no_node_has_is_refused_in_words(backend: SwarmBackend, tmp_path: Path) -> None:
    with pytest.raises(BackendRefusedError, match="no-such-image"):
        start(backend, tmp_path, FOR_EVER, "zoe-node2", image="127.0.0.1:1/no-such-image:1")
    assert not list(backend.services())


def test_a_service_of_a_node_that_crashed_is_told_dead_and_not_started_again(
    backend: SwarmBackend, tmp_path: Path, third: Node, swarm_cluster: Swarm
) -> None:
    changes = watched(backend)
    lost, safe = (start(backend, tmp_path, FOR_EVER, node) for node in ("zoe-node3", "zoe-node1"))
    third.crash()
    until(lambda: third.name not in ready(swarm_cluster))
    told = changes.wait_for(lost.who.id, seconds=15)
    assert told.reason == "its node zoe-node3 was lost"
    assert not {node.name: node.online for node in backend.nodes()}["zoe-node3"]
    third.daemon.start()
    until(lambda: third.name in ready(swarm_cluster))
    states = {report.handle: report.state for report in backend.services()}
    assert states == {lost.handle: ServiceState.DESTROYED, safe.handle: ServiceState.STARTED}


def test_a_partitioned_node_is_offline_until_its_cable_is_back(
    backend: SwarmBackend, tmp_path: Path, third: Node
) -> None:
    def online() -> bool:
        return {node.name: node.online for node in backend.nodes()}[third.name]

    third.plug(connected=False)
    until(lambda: not online())
    third.plug(connected=True)
    until(online)
    assert start(backend, tmp_path, FOR_EVER, third.name).state == ServiceState.STARTED


def test_without_any_manager_the_backend_is_unavailable(tmp_path: Path) -> None:
    settings = SwarmSettings(managers=[ManagerSettings(url=f"unix://{tmp_path}/gone.sock")])
    backend = SwarmBackend(settings, Deployment("swarm", "x", tmp_path))
    backend.open()
    try:
        with pytest.raises(BackendUnavailableError, match="no manager of the Swarm answers"):
            backend.nodes()
    finally:
        backend.close()


def test_a_service_that_somebody_else_removes_is_told_and_one_that_starts_is_refused(
    backend: SwarmBackend, tmp_path: Path, swarm_cluster: Swarm
) -> None:
    changes, node = watched(backend), swarm_cluster.nodes[1].name
    report = start(backend, tmp_path, FOR_EVER, node)
    with swarm_cluster.client() as client, ThreadPoolExecutor(1) as pool:
        client.remove_service(service_of(report.handle))  # type: ignore[no-untyped-call]
        told = changes.wait_for(report.who.id)
        assert (told.state, told.exit_code) == (ServiceState.DESTROYED, None)
        assert told.reason == "was removed from the Swarm by somebody other than Zoe"
        never = Resources(0.1, 1 << 50)  # no node has so much: it waits
        waiting = pool.submit(start, backend, tmp_path, FOR_EVER, node, reserved=never)
        until(lambda: bool(ours(client, backend)))
        client.remove_service(ours(client, backend)[0])  # type: ignore[no-untyped-call]
        with pytest.raises(BackendRefusedError, match="removed from the Swarm while it started"):
            waiting.result(60)
    assert not list(backend.services())


def ours(client: docker.APIClient, backend: SwarmBackend) -> list[str]:
    wanted = {"label": f"zoe_deployment_id={backend.deployment.id}"}
    return [str(one["ID"]) for one in client.services(filters=wanted)]  # type: ignore[no-untyped-call]


def test_while_nothing_runs_no_manager_is_asked_and_while_something_runs_for_its_end_alone(
    swarm_cluster: Swarm, tmp_path: Path
) -> None:
    asked: list[str] = []
    backend = SwarmBackend(settings_of(swarm_cluster, look_seconds=0.2), Deployment("quiet", tmp_path.name, tmp_path))
    noting(backend, asked)
    backend.open()
    try:
        until(lambda: "/events" in asked and "/services" in asked[asked.index("/events") :])
        report = start(backend, tmp_path, FOR_EVER, swarm_cluster.nodes[1].name)
        asked.clear()
        until(lambda: len(asked) > 5)
        assert set(asked) <= {"/tasks?ends", "/nodes"}
        assert asked.count("/nodes") <= 1
        backend.stop(report.handle, 0)
        backend.remove(report.handle)
        asked.clear()
        for name in ("quiet", "still quiet"):  # an event of somebody else's service is no reason to look, either
            somebody_elses(swarm_cluster, name.replace(" ", "-"))
        assert not asked
    finally:
        backend.close()


def settings_of(cluster: Swarm, **settings: object) -> SwarmSettings:
    manager = ManagerSettings(url=cluster.manager.daemon.url)
    return SwarmSettings.model_validate({"managers": [manager], "stop_grace": 1.0, "pull": "never", **settings})


def noting(backend: SwarmBackend, asked: list[str]) -> None:
    """Note what is asked of the managers from now on."""
    client = backend._managers._client(0)
    send = client.send

    def noted(request: Any, **options: Any) -> Any:
        place = urlsplit(unquote(request.url))
        asked.append(re.sub(r"^/v[0-9.]+", "", place.path) + ("?ends" if "desired-state" in place.query else ""))
        return send(request, **options)

    client.send = noted  # type: ignore[method-assign]


def somebody_elses(cluster: Swarm, name: str) -> None:
    with cluster.client() as client:
        template = {
            "ContainerSpec": {"Image": "busybox:latest", "Args": ["true"]},
            "RestartPolicy": {"Condition": "none"},
        }
        made = client.create_service(template, name=name)  # type: ignore[no-untyped-call]
        until(lambda: any(t["Status"]["State"] == "complete" for t in client.tasks(filters={"service": name})))  # type: ignore[no-untyped-call]
        client.remove_service(made["ID"])  # type: ignore[no-untyped-call]


def test_when_the_manager_that_was_asked_is_gone_the_next_one_is_listened_to(
    swarm_cluster: Swarm, tmp_path: Path
) -> None:
    first, second, third = swarm_cluster.nodes
    for node in (second, third):
        change(first, node, Role="manager")
    urls = [ManagerSettings(url=node.daemon.url) for node in (first, second)]
    # So seldom that only an event can tell in time.
    settings = SwarmSettings(managers=urls, stop_grace=1.0, look_seconds=600, pull="never")
    backend = SwarmBackend(settings, Deployment("several", tmp_path.name, tmp_path))
    backend.open()
    try:
        changes = watched(backend)
        until(lambda: {reach(swarm_cluster, node) for node in swarm_cluster.nodes} == {"reachable"})
        report = start(backend, tmp_path, FOR_EVER, third.name)
        first.crash()
        until(lambda: answers(backend))
        assert [one.state for one in backend.services()] == [ServiceState.STARTED]
        with second.daemon.client() as client:
            client.remove_service(service_of(report.handle))  # type: ignore[no-untyped-call]
        assert changes.wait_for(report.who.id).state == ServiceState.DESTROYED
        backend.remove(report.handle)
    finally:
        backend.close()
        first.daemon.start()
        until(lambda: first.name in ready(swarm_cluster))
        until(lambda: reach(swarm_cluster, first) == "reachable")
        for node in (second, third):
            until(lambda node=node: changed(first, node, Role="worker"))  # type: ignore[misc]
        until(lambda: reach(swarm_cluster, third) == reach(swarm_cluster, second) == "")


def answers(backend: SwarmBackend) -> bool:
    try:
        return bool(backend.nodes())
    except BackendUnavailableError:
        return False


def reach(cluster: Swarm, node: Node) -> str:
    with cluster.client() as client:
        found = next(one for one in client.nodes() if one["Description"]["Hostname"] == node.name)
    return str((found.get("ManagerStatus") or {}).get("Reachability", ""))


def change(by: Node, node: Node, **fields: object) -> None:
    with by.daemon.client() as client:
        found = next(one for one in client.nodes() if one["Description"]["Hostname"] == node.name)
        client.update_node(found["ID"], found["Version"]["Index"], {**found["Spec"], **fields})  # type: ignore[arg-type]


def changed(by: Node, node: Node, **fields: object) -> bool:
    """Try to change a node: while managers are missed there may be too few left to do without it."""
    try:
        change(by, node, **fields)
    except APIError:
        return False
    return True
