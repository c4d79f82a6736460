"""The doors into the networks of a real Swarm: who passes, where they lead, and how long they are there."""

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backend_swarm.backend import SwarmBackend
from backend_swarm.settings import ManagerSettings, SwarmSettings
from tests.acceptance.conftest import until
from tests.engines.needs import run
from tests.engines.swarm import Swarm
from tests.plugins.doors_kit.page import page, shows, way
from tests.plugins.doors_kit.page import web as web_on
from tests.plugins.doors_kit.session import doors as doors_on
from tests.plugins.doors_kit.session import holds_a_session
from zoe.errors import BackendUnavailableError
from zoe.plugin import Address, Deployment, ServiceReport, SocksDoor

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.xdist_group("swarm")]


@pytest.fixture
def settings(swarm_cluster: Swarm) -> SwarmSettings:
    manager = swarm_cluster.manager
    reached = ManagerSettings.model_validate({"url": manager.daemon.url, "door_address": manager.address})
    return SwarmSettings(managers=[reached], stop_grace=1.0, look_seconds=0.5)


@pytest.fixture
def backend(settings: SwarmSettings, tmp_path: Path) -> Iterator[SwarmBackend]:
    found = opened(settings, tmp_path)
    yield found
    for report in found.services():
        found.remove(report.handle)
    found.close()


def opened(settings: SwarmSettings, tmp_path: Path) -> SwarmBackend:
    found = SwarmBackend(settings, Deployment("doors", tmp_path.name, tmp_path))
    found.open()
    return found


def web(backend: SwarmBackend, tmp_path: Path, owner: str = "ada") -> ServiceReport:
    return web_on(backend, tmp_path, "zoe-node3", owner)


def doors(cluster: Swarm) -> list[dict[str, Any]]:
    with cluster.client() as client:
        return doors_on(client)


def knocked(door: SocksDoor, host: str, port: int, **other: str) -> Address:
    return Address(host, port, replace(door, **other))  # type: ignore[arg-type]


def test_a_page_on_another_node_opens_through_the_door_which_goes_with_its_network(
    backend: SwarmBackend, tmp_path: Path, swarm_cluster: Swarm
) -> None:
    report = web(backend, tmp_path)
    assert report.node != swarm_cluster.manager.name
    way(backend, report)
    (door,) = doors(swarm_cluster)
    assert {port.get("IP") for port in door["Ports"]} == {swarm_cluster.manager.address}
    assert [one.who for one in backend.services()] == [report.who]
    backend.stop(report.handle, 0)
    backend.remove(report.handle)
    assert not doors(swarm_cluster)


def test_a_door_lets_in_who_has_its_own_credentials_and_leads_into_its_own_network_alone(
    backend: SwarmBackend, tmp_path: Path, swarm_cluster: Swarm
) -> None:
    ada, eve = (way(backend, web(backend, tmp_path, owner)) for owner in ("ada", "eve"))
    assert ada.door is not None
    assert eve.door is not None
    with pytest.raises(ConnectionRefusedError, match="door"):
        page(knocked(ada.door, ada.host, 8080, password="wrong"))
    with pytest.raises(ConnectionRefusedError, match="door"):
        page(knocked(ada.door, ada.host, 8080, username=eve.door.username, password=eve.door.password))
    # Another user's service, and an address that every node's containers reach otherwise.
    assert not shows(knocked(ada.door, eve.host, 8080), seconds=1.5)
    assert not shows(knocked(ada.door, swarm_cluster.manager.address, 2375), b"HTTP", 1.5)


def test_the_password_of_a_door_is_in_no_description_and_no_list_of_processes(
    backend: SwarmBackend, tmp_path: Path, swarm_cluster: Swarm
) -> None:
    door = way(backend, web(backend, tmp_path)).door
    assert door is not None
    key = tmp_path / "door.key"
    assert (key.stat().st_mode & 0o777, len(key.read_bytes())) == (0o600, 32)
    with swarm_cluster.client() as client:
        (found,) = doors(swarm_cluster)
        told = json.dumps(client.inspect_container(found["Id"])) + client.logs(found["Id"]).decode()
        running = json.dumps(client.top(found["Id"], "-eo pid,user,args"))
    assert "microsocks" in running
    assert "65534" in running or "nobody" in running
    assert door.password not in told + running + repr(door)


def test_a_door_that_was_killed_or_removed_comes_back(
    backend: SwarmBackend, tmp_path: Path, swarm_cluster: Swarm
) -> None:
    report = web(backend, tmp_path)
    way(backend, report)
    for hurt in ("crashed", "stopped", "removed"):
        (found,) = doors(swarm_cluster)
        with swarm_cluster.client() as client:
            if hurt == "crashed":
                os.kill(client.inspect_container(found["Id"])["State"]["Pid"], signal.SIGKILL)
            elif hurt == "stopped":
                client.kill(found["Id"])
            else:
                client.remove_container(found["Id"], force=True, v=True)
        until(lambda: shows(backend.address(report.handle, 8080)), f"the page of a door that was {hurt}")
        assert len(doors(swarm_cluster)) == 1


def test_a_zoe_started_again_finds_the_door_and_removes_one_whose_network_nobody_uses(
    backend: SwarmBackend, settings: SwarmSettings, tmp_path: Path, swarm_cluster: Swarm
) -> None:
    report = web(backend, tmp_path)
    before = way(backend, report)
    (door,) = doors(swarm_cluster)
    again = opened(settings, tmp_path)
    try:
        until(lambda: any(one.address for one in again.services()), "the service in the next Zoe's list")
        assert again.address(report.handle, 8080) == before
        assert [one["Id"] for one in doors(swarm_cluster)] == [door["Id"]]
        with swarm_cluster.client() as client:
            client.remove_service(json.loads(report.handle)["service"])  # type: ignore[no-untyped-call]
    finally:
        again.close()
    last = opened(settings, tmp_path)
    try:
        assert not doors(swarm_cluster)
        # The Swarm takes its time to say so.
        with swarm_cluster.client() as client:
            ours = {"label": f"zoe_deployment_id={tmp_path.name}"}
            until(lambda: not client.networks(filters=ours), "the network's end")
    finally:
        last.close()


def test_who_changes_where_doors_are_finds_each_made_anew(
    backend: SwarmBackend, settings: SwarmSettings, tmp_path: Path, swarm_cluster: Swarm
) -> None:
    report = web(backend, tmp_path)
    backend.address(report.handle, 8080)
    # What a Zoe in a container has: a network that it shares with the doors, and no port on the machine.
    with swarm_cluster.client() as client:
        client.create_network("zoe-shared", driver="bridge")
    (manager,) = settings.managers
    moved = manager.model_copy(update={"door_address": None, "door_network": "zoe-shared"})
    again = opened(settings.model_copy(update={"managers": [moved]}), tmp_path)
    try:
        until(lambda: any(one.address for one in again.services()), "the service in the next Zoe's list")
        address = again.address(report.handle, 8080)
        (found,) = doors(swarm_cluster)
        assert not [port for port in found["Ports"] if "IP" in port]
        assert address.door is not None
        assert address.door.host == found["NetworkSettings"]["Networks"]["zoe-shared"]["IPAddress"]
        fetched = run("nsenter", f"--net=/var/run/netns/{swarm_cluster.manager.name}", "curl", "-s", "--retry", "5",
                      "--retry-all-errors", "--socks5", f"{address.door.host}:{address.door.port}", "-U",
                      f"{address.door.username}:{address.door.password}", f"http://{address.host}:8080/")  # fmt: skip
        assert fetched == "hello\n"
    finally:
        again.remove(report.handle)
        again.close()
        with swarm_cluster.client() as client:
            client.remove_network("zoe-shared")


def test_without_the_image_of_the_doors_services_run_and_their_pages_say_what_to_do(
    settings: SwarmSettings, tmp_path: Path
) -> None:
    backend = opened(settings.model_copy(update={"door_image": "no-such-door:1"}), tmp_path)
    try:
        report = web(backend, tmp_path)
        with pytest.raises(BackendUnavailableError, match=r"no-such-door:1.*make images"):
            backend.address(report.handle, 8080)
        backend.remove(report.handle)
    finally:
        backend.close()


def test_who_comes_back_at_once_finds_a_network_and_a_door(backend: SwarmBackend, tmp_path: Path) -> None:
    for _ in range(2):
        report = web(backend, tmp_path)
        way(backend, report)
        backend.remove(report.handle)


def test_pages_on_every_node_open_through_the_gateway_also_after_zoe_was_killed(
    settings: SwarmSettings, swarm_cluster: Swarm
) -> None:
    managers = [one.model_dump(mode="json", include={"url", "door_address"}) for one in settings.managers]
    environment = {
        "ZOE_BACKEND__NAME": "swarm",
        "ZOE_PLUGINS__SWARM__MANAGERS": json.dumps(managers),
        "ZOE_PLUGINS__SWARM__STOP_GRACE": "1",
    }
    with swarm_cluster.client() as client:
        assert holds_a_session(environment, client, services=3) == {node.name for node in swarm_cluster.nodes}


def test_a_manager_elsewhere_without_an_address_for_doors_is_told_in_words(
    swarm_cluster: Swarm, tmp_path: Path
) -> None:
    manager = ManagerSettings(url=f"tcp://{swarm_cluster.manager.address}:2375")
    backend = opened(SwarmSettings(managers=[manager], stop_grace=1.0, look_seconds=0.5), tmp_path)
    try:
        report = web(backend, tmp_path)
        with pytest.raises(BackendUnavailableError, match="door_address"):
            backend.address(report.handle, 8080)
        backend.remove(report.handle)
    finally:
        backend.close()
