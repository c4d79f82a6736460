"""A gateway over a real PostgreSQL, and services that are as good or as hostile as a test wants them."""

import http.client
import json
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.integration.gateway.speakers import Listener
from zoe.api.gateway_entry import Visitors
from zoe.config import GatewaySettings
from zoe.errors import BackendUnavailableError
from zoe.gateway.links import GatewayLinks
from zoe.gateway.nginx import find
from zoe.gateway.server import Collaborators, Gateway, listen
from zoe.plugin import Address, Handle
from zoe.state import accounts
from zoe.state.database import Database

PATIENCE = 60.0


def until(look: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.005)
    raise AssertionError(f"{what} did not come about")


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Logs:
    """The logs of services, as a test writes them; `open_logs` counts who reads along."""

    def __init__(self) -> None:
        self._written: dict[int, list[bytes]] = {}
        self._ended: set[int] = set()
        self._more = threading.Condition()
        self.followed = 0

    def write(self, service: int, *lines: str) -> None:
        with self._more:
            self._written.setdefault(service, []).extend(f"{line}\n".encode() for line in lines)
            self._more.notify_all()

    def end(self, service: int) -> None:
        with self._more:
            self._ended.add(service)
            self._more.notify_all()

    def __call__(self, service: int, follow: bool) -> Iterator[bytes]:
        at = 0
        self.followed += follow
        while True:
            with self._more:
                new = b"".join(self._written.get(service, [])[at:])
                at = len(self._written.get(service, []))
                if not new and (service in self._ended or not follow):
                    return
                if not new:
                    self._more.wait(0.1)
            yield new


@dataclass
class House:
    """A gateway, its database, and ways to ask it."""

    database: Database
    gateway: Gateway
    port: int
    links: GatewayLinks
    visitors: Visitors
    stack: ExitStack
    logs: "Logs"
    tokens: dict[str, str] = field(default_factory=dict)
    users: dict[str, int] = field(default_factory=dict)
    noted: list[tuple[dict[int, float], str]] = field(default_factory=list)
    addresses: dict[tuple[str, int], Address] = field(default_factory=dict)
    passes: dict[tuple[str, str], str] = field(default_factory=dict)
    fronted: bool = False

    def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self.database.session():
            return self.database.rows(sql, parameters)

    def add_user(self, name: str, role: str = "user") -> None:
        """Make a user with a token, or take up the one that is there."""
        self.tokens[name] = f"token of {name}"
        if known := self.rows("SELECT id FROM account WHERE username = %s", name):
            self.users[name] = known[0][0]
            return
        number = self.rows(
            "INSERT INTO account (username, fs_uid, email, priority, enabled, auth_source, password_hash, quota_id, "
            "role_id) SELECT %s, coalesce(max(fs_uid), 10000) + 1, '', 0, true, 'internal', 'x', min(q.id), "
            "(SELECT id FROM role WHERE name = %s) FROM quota q LEFT JOIN account ON true RETURNING id",
            name,
            role,
        )[0][0]
        self.users[name] = number
        digest = sha256(self.tokens[name].encode()).hexdigest()
        self.rows("INSERT INTO token (user_id, name, digest, created) VALUES (%s, 't', %s, 0)", number, digest)

    def add(
        self,
        port: int,
        owner: str = "ada",
        template: str | None = "http://{ip_port}/",
        status: str = "active",
        **more: Any,
    ) -> int:
        """Make an execution whose service `web0` has the port `UI`, which is dialled at `port` of this machine."""
        ports: list[dict[str, Any]] = [{"name": "UI", "port_number": 80, "protocol": "tcp", "url_template": template}]
        ports += more.get("ports", [])
        document = {"services": [{"name": "web", "ports": ports}]}
        number: int = self.rows(
            "INSERT INTO execution (user_id, name, description, size, runtime_limit, time_submit, opportunistic, "
            "status) VALUES (%s, 'test', %s, 1, 0, 0, false, 'starting') RETURNING id",
            self.users[owner],
            json.dumps(document),
        )[0][0]
        handle = f"h{number}"
        for one in ports:
            self.addresses[handle, one["port_number"]] = Address("127.0.0.1", one.get("dialled", port))
        self.rows(
            "INSERT INTO service (execution_id, name, service_group, essential, startup_order, cores, memory, gpus, "
            "status, backend_status, handle, address, restart_count) VALUES (%s, 'web0', 'web', true, 0, 1, 1, 0, "
            "'created', 'undefined', %s, '10.9.8.7', 0)",
            number,
            handle,
        )
        self.set_status(number, status)
        return number

    def set_status(self, execution: int, status: str) -> None:
        """Move the service, as the master would, and wait until the gateway can know it."""
        self.rows("UPDATE service SET status = %s WHERE execution_id = %s", status, execution)

    def end(self, execution: int) -> None:
        self.rows("UPDATE execution SET status = 'terminated', time_end = 1 WHERE id = %s", execution)

    def ask(
        self,
        path: str,
        who: str | None = "ada",
        method: str = "GET",
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send one request, the path exactly as it is given."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        sent = {"Host": f"localhost:{self.port}"} | (headers or {})
        execution = path.strip("/").partition("/")[0]
        if who and "Authorization" not in sent:
            sent = self._known(who, execution) | sent
        try:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, text in sent.items():
                connection.putheader(name, text)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            for cookie in answer.headers.get_all("Set-Cookie", []):
                if who and cookie.startswith("zoe-pass="):
                    self.passes[who, execution] = cookie.partition(";")[0]
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def _known(self, who: str, execution: str) -> dict[str, str]:
        """Return what shows who is asking: as a browser behind nginx does where there is one, else as a program."""
        if not self.fronted or execution == "_zoe":
            return {"Authorization": f"Bearer {self.tokens[who]}"}
        if (who, "session") not in self.passes:
            self.passes[who, "session"] = self.session(who)
        shown = (self.passes[who, "session"], self.passes.get((who, execution)))
        return {"Cookie": "; ".join(filter(None, shown)), "Sec-Fetch-Mode": "cors"}

    def session(self, who: str) -> str:
        """Return the cookie that a browser of this person holds."""
        account = self.visitors.by_token(self.tokens[who])
        assert account is not None
        cookie = self.visitors.enter(self.visitors.ticket(account), secure=False)
        assert cookie is not None
        return cookie.partition(";")[0]

    def ready(self, execution: int) -> None:
        """Wait until the gateway has the route."""
        until(lambda: self.ask(f"/{execution}/web0/UI/ready").status not in {404, 410, 503}, "the route")
        if self.fronted:
            until(lambda: self._direct(f"/{execution}/web0/UI/ready"), "the route in nginx")

    def _direct(self, path: str) -> bool:
        """Tell whether nginx serves this by itself."""
        before = self.gateway.requests
        assert self.ask(path).status < 500
        return self.gateway.requests == before


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[socket.socket], None]], Listener]]:
    """Starts services that end with the test."""
    made: list[Listener] = []

    def start(speak: Callable[[socket.socket], None]) -> Listener:
        made.append(Listener(speak))
        return made[-1]

    yield start
    for one in made:
        one.close()


@contextmanager
def open_house(database: Database, nginx: str = "off", **settings: Any) -> Iterator[House]:
    """Run a gateway over this database."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zoe-nginx-")))
        directory.chmod(0o711)
        accounts.seed(database, "x")
        listening = listen("127.0.0.1", 0)
        stack.callback(listening.close)
        port = listening.getsockname()[1]
        links = GatewayLinks(GatewaySettings(connect_timeout=2, nginx=nginx, **settings), port, 5001)
        visitors = Visitors(database, "a key of this test", 3600)
        noted: list[tuple[dict[int, float], str]] = []
        known: dict[tuple[str, int], Address] = {}

        def address(handle: Handle, number: int) -> Address:
            if (handle, number) not in known:
                raise BackendUnavailableError("nobody has told where it is")
            return known[handle, number]

        def note(seen: Any, kind: str) -> None:
            noted.append((dict(seen), kind))

        logs = Logs()
        program = find(nginx)
        assert program or nginx == "off", "nginx is not installed: tests/prepare.sh installs it"
        collaborators = Collaborators(
            database, links, visitors, address, note, logs, directory, program, note_seconds=0.2
        )
        gateway = Gateway(collaborators, listening)
        gateway.start()
        stack.callback(gateway.close)
        house = House(database, gateway, port, links, visitors, stack, logs, noted=noted, addresses=known)
        house.fronted = program is not None
        for name, role in (("ada", "user"), ("bob", "user"), ("boss", "admin")):
            house.add_user(name, role)
        yield house


@pytest.fixture(params=["off", pytest.param("auto", marks=pytest.mark.slow)], ids=["embedded", "nginx"])
def house(database: Database, request: pytest.FixtureRequest) -> Iterator[House]:
    """A gateway in path mode: by itself, and with nginx in front."""
    with open_house(database, request.param) as made:
        yield made
