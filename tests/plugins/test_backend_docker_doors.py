"""The doors into the networks of an engine on another machine: a network namespace at the end of a cable."""

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest
from pydantic import ValidationError

from backend_docker.backend import DockerBackend
from backend_docker.settings import DockerSettings
from tests.engines.building import give_door
from tests.engines.daemon import Daemon
from tests.engines.second import ADDRESS, HERE, PORT, second_engine
from tests.plugins.doors_kit.page import page, shows, way, web
from tests.plugins.doors_kit.session import doors, holds_a_session
from zoe.errors import BackendUnavailableError
from zoe.gateway.dialling import connect
from zoe.plugin import Deployment

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("docker")]

FAR = {"name": "far", "url": f"tcp://{ADDRESS}:{PORT}"}
Open = Callable[..., DockerBackend]


@pytest.fixture(scope="module")
def far() -> Iterator[Daemon]:
    with second_engine() as daemon:
        give_door(daemon)
        yield daemon


@pytest.fixture
def client(far: Daemon) -> Iterator[docker.APIClient]:
    with far.client() as client:
        yield client


@pytest.fixture
def open_backend(far: Daemon, tmp_path: Path) -> Iterator[Open]:
    opened: list[DockerBackend] = []

    def make(more: dict[str, Any] | None = None, **engine: str) -> DockerBackend:
        settings = DockerSettings.model_validate({"engines": [FAR | engine], **(more or {})})
        opened.append(DockerBackend(settings, Deployment("doors", tmp_path.name, tmp_path)))
        opened[-1].open()
        return opened[-1]

    yield make
    for report in opened[-1].services():
        opened[-1].remove(report.handle)
    for backend in opened:
        backend.close()


def test_a_page_on_another_machine_opens_through_the_gateway_also_after_zoe_was_killed(
    client: docker.APIClient,
) -> None:
    engines = json.dumps([FAR | {"door_address": ADDRESS}])
    environment = {
        "ZOE_BACKEND__NAME": "docker",
        "ZOE_PLUGINS__DOCKER__ENGINES": engines,
        "ZOE_PLUGINS__DOCKER__PULL": "never",
        "ZOE_MASTER__STOP_GRACE": "1",
    }
    assert holds_a_session(environment, client, services=1) == {"far"}


def test_a_door_lets_in_who_has_its_own_credentials_and_does_not_reach_other_users(
    open_backend: Open, tmp_path: Path, client: docker.APIClient
) -> None:
    backend = open_backend(door_address=ADDRESS)
    ada, eve = (way(backend, web(backend, tmp_path, "far", owner)) for owner in ("ada", "eve"))
    assert {one.get("IP") for door in doors(client) for one in door["Ports"]} == {ADDRESS}
    assert ada.door is not None
    assert eve.door is not None
    for wrong in (replace(ada.door, password="wrong"), replace(eve.door, port=ada.door.port)):
        with pytest.raises(ConnectionRefusedError, match="door"):
            page(replace(ada, door=wrong))
    assert not shows(replace(eve, door=ada.door), seconds=1.5)


def test_what_a_crash_left_is_removed_at_the_next_start(
    open_backend: Open, tmp_path: Path, client: docker.APIClient
) -> None:
    backend = open_backend(door_address=ADDRESS)
    report = web(backend, tmp_path, "far")
    assert backend.address(report.handle, 8080).door is not None
    (door,) = doors(client)
    backend.close()
    # Zoe died after its last container was removed, and its network was not; and before a door was started.
    client.remove_container(json.loads(report.handle)["container"], force=True, v=True)
    left = {"Image": "zoe-socks:1", "Labels": {**door["Labels"], "zoe_door_into": "gone"}}
    client.create_container_from_config(left, "left")  # type: ignore[no-untyped-call]
    open_backend(door_address=ADDRESS)
    assert not doors(client)
    assert not client.networks(filters={"label": "zoe_deployment_id"})


def test_in_a_network_cut_off_from_outside_a_door_listens_in_the_network_that_is_named(
    open_backend: Open, tmp_path: Path, client: docker.APIClient
) -> None:
    client.create_network("way", driver="bridge")
    backend = open_backend({"network": {"internal": True}}, door_address=ADDRESS, door_network="way")
    try:
        report = web(backend, tmp_path, "far")
        address = way(backend, report)
        # The world outside: this very machine. What goes there has the address of the network that is cut off.
        with socket.create_server((HERE, 0)) as outside, pytest.raises((TimeoutError, ConnectionRefusedError)):
            connect(replace(address, host=HERE, port=outside.getsockname()[1]), 1.5)
    finally:
        for report in backend.services():
            backend.remove(report.handle)
        client.remove_network("way")


def test_without_the_image_of_the_doors_services_run_and_who_asks_reads_what_to_do(
    open_backend: Open, tmp_path: Path
) -> None:
    backend = open_backend({"door_image": "no-such-door:1"}, door_address=ADDRESS)
    assert any("make images" in remark for remark in backend.nodes()[0].remarks)
    report = web(backend, tmp_path, "far")
    with pytest.raises(BackendUnavailableError, match=r"no-such-door:1 .* not on far.*make images"):
        backend.address(report.handle, 8080)


def test_an_engine_on_another_machine_without_an_address_for_doors_is_told_in_words(
    open_backend: Open, tmp_path: Path
) -> None:
    backend = open_backend()
    report = web(backend, tmp_path, "far")
    with pytest.raises(BackendUnavailableError, match="door_address"):
        backend.address(report.handle, 8080)


@pytest.mark.parametrize("everywhere", ["0.0.0.0", "::", "224.0.0.1"])
def test_doors_never_listen_on_all_addresses(everywhere: str) -> None:
    with pytest.raises(ValidationError, match="never on all"):
        DockerSettings.model_validate({"engines": [FAR | {"door_address": everywhere}]})
