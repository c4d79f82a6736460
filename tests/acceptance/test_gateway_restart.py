"""A real service with its gateway, killed and started again: what runs is reached again at once."""

import http.client
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.acceptance.conftest import Zoe, nginx_of, until, zapp
from zoe.gateway.nginx import find

WEB = "exec python3 -m http.server --bind {address#self} 8123"


def web_zapp() -> dict[str, Any]:
    made = zapp(WEB, name="web")
    made["services"][0]["ports"] = [
        {"name": "UI", "port_number": 8123, "protocol": "tcp", "url_template": "http://{ip_port}/"}
    ]
    return made


def started(zoe: Zoe) -> str:
    """Start a web service; return its path behind the gateway."""
    assert zoe.client is not None
    answer = zoe.client.post("/execution", json={"application": web_zapp(), "name": "web"}).raise_for_status()
    number = answer.json()["execution_id"]
    found = until(lambda: zoe.get(f"/execution/endpoints/{number}")["endpoints"], "an endpoint")
    return str(urlsplit(found[0][2]).path)


def ask(zoe: Zoe, path: str) -> int:
    assert zoe.client is not None
    gateway = urlsplit(zoe.get("/info")["gateway"])
    connection = http.client.HTTPConnection(gateway.netloc, timeout=60)
    try:
        connection.request("GET", path, headers={"Authorization": zoe.client.headers["Authorization"]})
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("nginx", ["off", "auto"])
def test_after_a_kill_the_next_start_reaches_what_runs_at_once(
    make_zoe: Callable[..., Zoe], data_dir: Path, nginx: str
) -> None:
    assert nginx == "off" or find(nginx), "nginx is not installed: tests/prepare.sh installs it"
    zoe = make_zoe(data_dir, {"ZOE_GATEWAY__NGINX": nginx})
    path = started(zoe)
    until(lambda: ask(zoe, path) == 200, "the page")
    gateway = urlsplit(zoe.get("/info")["gateway"]).port
    for one in nginx_of(zoe):
        one.kill()  # nobody but nginx: it is started again
    until(lambda: ask(zoe, path) == 200, "the page after nginx was killed")
    zoe.kill()
    zoe.environment = {"ZOE_GATEWAY__NGINX": nginx, "ZOE_GATEWAY__PORT": str(gateway)}
    zoe.start()
    assert ask(zoe, path) == 200
    zoe.end(signal.SIGTERM)
    assert not nginx_of(zoe)
