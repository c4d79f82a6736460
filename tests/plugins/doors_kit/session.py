"""A whole Zoe whose services are behind a door: the same on a Swarm and on an engine elsewhere."""

import io
import json
import tarfile
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import docker
import httpx

from tests.acceptance.conftest import Zoe, open_directory, until, zoe_maker
from tests.acceptance.faults.kit import client as api
from tests.acceptance.faults.kit import entry, run
from tests.plugins.doors_kit.page import WEB
from zoe.errors import ZoeError
from zoe.tunnel import Way

_PORT = {"name": "web", "port_number": 8080, "protocol": "tcp", "url_template": "http://{ip_port}/"}


def holds_a_session(settings: Mapping[str, str], client: docker.APIClient, services: int) -> set[str]:
    """Open the page of each service, also after Zoe was killed, and raw; see the door go. Return the nodes."""
    with open_directory() as directory, zoe_maker() as make:
        zoe = make(directory, settings)
        zoe.lift_quota()
        web = entry("web", WEB, services, services, image="busybox:latest", memory=16 << 20, ports=[_PORT])
        execution = run(zoe, web)
        until(lambda: all(_asked(zoe, execution)), "the pages of all services")
        (door,) = doors(client)
        zoe.kill()
        zoe.start()
        until(lambda: all(_asked(zoe, execution)), "the pages after Zoe was killed")
        assert [one["Id"] for one in doors(client)] == [door["Id"]]
        _speaks_raw(zoe, execution)
        _keeps_its_secret(zoe, execution, client, door["Id"])
        nodes = {str(one["backend_host"]) for one in _services(zoe, execution)}
        zoe.stop_execution(execution)
        zoe.wait_for(execution, "terminated")
        assert not doors(client)
        ours = {"label": f"zoe_deployment_id={door['Labels']['zoe_deployment_id']}"}
        until(lambda: not client.networks(filters=ours), "the network's end")
    return nodes


def doors(client: docker.APIClient) -> list[dict[str, Any]]:
    """Return the doors on an engine, in whatever state they are."""
    found: list[dict[str, Any]] = client.containers(all=True, filters={"label": "zoe_door"})
    return found


def _asked(zoe: Zoe, execution: int) -> list[bool]:
    """Ask for each page, as a browser's person would."""
    gateway, headers = zoe.get("/info")["gateway"], {"Authorization": api(zoe).headers["Authorization"]}
    addresses = [urlsplit(one[2]).path for one in zoe.get(f"/execution/endpoints/{execution}")["endpoints"]]
    asked = [httpx.get(f"{gateway}{path}", headers=headers, timeout=60) for path in addresses]
    return [one.status_code == 200 and "hello" in one.text for one in asked] or [False]


def _speaks_raw(zoe: Zoe, execution: int) -> None:
    token = str(api(zoe).headers["Authorization"]).partition(" ")[2]
    with _opened(lambda: Way(zoe.get("/info")["gateway"], token, execution).open("web0", 8080)) as made:
        made.send(b"GET / HTTP/1.0\r\n\r\n")
        assert b"hello" in b"".join(piece for piece in made if isinstance(piece, bytes))


def _opened(way: Callable[[], Any]) -> Any:
    def attempt() -> Any:
        try:
            return way()
        except ZoeError:
            return None  # the route is a moment younger than the page

    return until(attempt, "a raw connection")


def _services(zoe: Zoe, execution: int) -> list[dict[str, Any]]:
    return [zoe.get(f"/service/{number}") for number in zoe.get(f"/execution/{execution}")["services"]]


def _keeps_its_secret(zoe: Zoe, execution: int, client: docker.APIClient, door: str) -> None:
    """Look for what only the door and Zoe may know wherever others read."""
    pieces, _ = client.get_archive(door, "/run/door/credentials")
    with tarfile.open(fileobj=io.BytesIO(b"".join(pieces))) as tar:
        file = tar.extractfile("credentials")
        assert file is not None
        _, password = file.read().decode().split()
    answers = [api(zoe).get(f"/execution/{execution}{more}").raise_for_status().text for more in ("", "/events")]
    assert len(password) == 64
    assert password not in "".join(answers) + json.dumps(_services(zoe, execution)) + zoe.log.read_text()
