"""A Zoe with one service behind its gateway, and the browser's way to it."""

import http.client
import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from bench.connection import Connection
from bench.gateway.programs import needed
from bench.served import Served, data_directory, serve

PORT = 8123
_PATIENCE = 60.0
_CONFIG = (
    "worker_processes 1; daemon off; pid web.pid; error_log stderr; events {{ worker_connections 4096; }} "
    "http {{ access_log off; keepalive_requests 1000000; client_body_temp_path t; proxy_temp_path t; "
    "fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t; "
    "server {{ listen {{address#self}}:8123 backlog=1024; location / {{ return 200 hello; }} }} }}"
)
SOCKETS = Path(__file__).parent / "quiet_sockets.py"


@dataclass
class Site:
    """A running Zoe, its one web service, and a browser's cookies for it."""

    served: Served
    execution: int
    url: str
    address: str
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def headers(self) -> dict[str, str]:
        """Return what a browser sends along."""
        return {"Cookie": "; ".join(f"{name}={text}" for name, text in self.cookies.items())}

    def get(self, url: str | None = None, headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
        """Ask once, keep cookies, and return the answer, read."""
        parts = urlsplit(url or self.url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=_PATIENCE)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", target, headers=self.headers | (headers or {}))
        answer = connection.getresponse()
        answer.read()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, text = cookie.partition(";")[0].partition("=")
            self.cookies[name] = text
        connection.close()
        return answer

    def enter(self) -> None:
        """Come in as a browser does: from Zoe's page with a ticket to the service's."""
        way = f"{self.served.url}/gateway/enter?to={quote(urlsplit(self.url).path, safe='')}"
        answer = self.get(way, {"Authorization": f"Bearer {self.served.token}"})
        self.get(answer.headers["Location"])
        deadline = time.monotonic() + _PATIENCE
        while self.get().status != 200:
            if time.monotonic() > deadline:
                raise SystemExit("the service does not answer behind the gateway")
            time.sleep(0.02)
        time.sleep(1.0)  # nginx, if there is one, takes the route over


def web_service() -> str:
    """Return the command of a service that answers at once: an nginx of its own."""
    config = _CONFIG.format()
    return f"mkdir -p t && echo '{config}' > web.conf && exec {needed('nginx', 'nginx')} -p . -e stderr -c web.conf"


def socket_service() -> str:
    """Return the command of a service whose WebSockets stay open and silent."""
    return f"exec {sys.executable} {SOCKETS} {{address#self}} {PORT}"


def application(command: str) -> dict[str, object]:
    """Return a ZApp of one service with one port."""
    resources = {"memory": {"min": 1 << 20, "max": None}, "cores": {"min": 0.1, "max": None}}
    ports = [{"name": "web", "port_number": PORT, "protocol": "tcp", "url_template": "http://{ip_port}/"}]
    service = {"name": "web", "image": "bench:1", "monitor": True, "total_count": 1, "essential_count": 1}
    service |= {"resources": resources, "command": command, "ports": ports}
    return {"name": "bench", "version": 3, "will_end": False, "services": [service]}


@contextmanager
def site(command: str, nginx: str) -> Iterator[Site]:
    """Run a Zoe with this service; `nginx` is the setting of that name."""
    with data_directory() as directory, serve(directory, {"ZOE_GATEWAY__NGINX": nginx}) as served:
        connection = served.connect()
        execution = connection.submit(json.dumps({"application": application(command), "name": "bench"}).encode())
        direct, behind = _endpoint(connection, execution)
        made = Site(served, execution, behind, urlsplit(direct).netloc)
        made.enter()
        yield made
        connection = served.connect()  # the one before has been idle for long
        connection.stop(execution)
        connection.until_ended(execution)


def _endpoint(connection: Connection, execution: int) -> tuple[str, str]:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if found := connection.get(f"/execution/endpoints/{execution}")["endpoints"]:
            return str(found[0][1]), str(found[0][2])
        time.sleep(0.02)
    raise SystemExit("the service did not start")
