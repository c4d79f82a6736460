"""`zoe proxy` against a real `zoe serve`, run as a person runs it: raw connections to a service that speaks no HTTP."""

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from python_socks.sync import Proxy
from typer.testing import CliRunner

from tests.acceptance.conftest import Zoe, open_directory, until, zoe_maker
from tests.acceptance.faults.kit import client, entry, run, service
from tests.acceptance.proxying import Running, elsewhere, proxy
from zoe.cli.main import app
from zoe.client import Client

pytestmark = pytest.mark.xdist_group("cli-proxy")
PORT = 9009
ECHO = f"""exec python3 -c "
import socketserver, sys
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(b'hello' + b' ')
        while piece := self.request.recv(65536):
            self.request.sendall(piece.upper())
class Server(socketserver.ThreadingTCPServer):
    daemon_threads, allow_reuse_address = True, True
Server((sys.argv[1], {PORT}), Echo).serve_forever()
" {{address#self}}"""
PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Site:
    """A Zoe with one execution of the administrator's: `echo0` answers in capitals."""

    zoe: Zoe
    execution: int

    @property
    def url(self) -> str:
        return str(client(self.zoe).base_url).partition("/api")[0]

    @property
    def token(self) -> str:
        return str(client(self.zoe).headers["Authorization"]).partition(" ")[2]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with open_directory() as directory, zoe_maker() as make:
        zoe = make(directory)
        made = Site(zoe, run(zoe, entry("echo", ECHO)))
        zoe.wait_for(made.execution, "running")
        yield made
        zoe.stop_execution(made.execution)
        zoe.wait_for(made.execution, "terminated")


def read(made: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count and (piece := made.recv(count - len(data))):
        data += piece
    return data


def greeted(running: Running) -> socket.socket:
    """Return a connection on which the service has spoken: its route may be a moment younger than the execution."""

    def attempt() -> socket.socket | None:
        made = running.connect()
        if read(made, 6) == b"hello ":
            return made
        made.close()
        return None

    return until(attempt, "a connection")


def test_several_connections_at_once_reach_the_service_until_ctrl_c(site: Site, tmp_path: Path) -> None:
    environment = elsewhere(tmp_path, ZOE_DATA_DIR=str(site.zoe.data_dir))
    with proxy(site.execution, "-L", f"0:echo0:{PORT}", environment=environment) as running, ExitStack() as stack:
        assert running.told == f"127.0.0.1:{running.port} -> echo0:{PORT}\n"
        made = [stack.enter_context(greeted(running)) for _ in range(5)]
        words = [f"number {number} ".encode() * 50_000 for number in range(len(made))]
        for half in (slice(None, 300_000), slice(300_000, None)):
            for one, word in zip(made, words, strict=True):
                one.sendall(word[half])
                assert read(one, len(word[half])) == word[half].upper()
        assert running.interrupt() == (0, "Closed.\n")
        assert read(made[0], 1) == b""


def test_a_program_is_told_the_local_ports_as_json(site: Site, tmp_path: Path) -> None:
    words = [site.execution, "-L", f"0:echo0:{PORT}", "-L", f"0:echo0:{PORT + 1}", "--json"]
    with proxy(*words, environment=elsewhere(tmp_path, ZOE_DATA_DIR=str(site.zoe.data_dir))) as running:
        assert running.process.stdout is not None
        rest = iter(running.process.stdout.readline, "}\n")  # what closes the document
        first, second = json.loads("".join([running.told, *rest, "}"]))["listening"]
        assert (first["service"], first["port"], second["port"]) == ("echo0", PORT, PORT + 1)
        running.port = first["local_port"]
        greeted(running).close()
        assert running.interrupt() == (0, "Closed.\n")


def test_without_a_port_it_is_a_socks_proxy_that_knows_the_service_by_name_and_address(
    site: Site, tmp_path: Path
) -> None:
    there = service(site.zoe, site.execution, "echo0")
    with proxy(
        site.execution, "--socks", 0, environment=elsewhere(tmp_path, ZOE_DATA_DIR=str(site.zoe.data_dir))
    ) as running:
        way = Proxy.from_url(f"socks5://127.0.0.1:{running.port}", rdns=True)
        for host in ("echo0", there["ip_address"]):
            with until(lambda host=host: attempted(way, host), "a connection") as made:  # type: ignore[misc]
                made.sendall(b"here")
                assert read(made, 4) == b"HERE"
        code, said = running.interrupt()
    assert (code, said.splitlines()[-1]) == (0, "Closed.")


def attempted(way: Proxy, host: str) -> socket.socket | None:
    made: socket.socket = way.connect(host, PORT, timeout=60)
    if read(made, 6) == b"hello ":
        return made
    made.close()
    return None


def test_a_revoked_token_ends_the_connection_and_the_next_one_is_told_what_to_do(site: Site, tmp_path: Path) -> None:
    with Client(site.url, token=site.token) as admin:
        short = admin.create_token("short")
        environment = elsewhere(tmp_path, ZOE_URL=site.url, ZOE_TOKEN=str(short["token"]))
        with proxy(site.execution, "-L", f"0:echo0:{PORT}", environment=environment) as running:
            with greeted(running) as made:
                admin.revoke_token(short["token_id"])
                assert read(made, 1) == b""
            with running.connect() as again:
                assert read(again, 1) == b""
            code, said = running.interrupt()
    assert code == 0
    assert "`zoe login` signs you in.\n" in said
    assert "Traceback" not in said


@pytest.fixture
def refused(site: Site, tmp_path: Path) -> Callable[..., str]:
    """Run a `zoe proxy` that cannot begin; return its one sentence."""

    def sentence(*words: object, **variables: str) -> str:
        environment: dict[str, Any] = {name: None for name in os.environ if name.startswith("ZOE_")}
        environment |= elsewhere(tmp_path, **(variables or {"ZOE_DATA_DIR": str(site.zoe.data_dir)}))
        ended = CliRunner().invoke(app, ["proxy", *map(str, words)], env=environment)
        assert (ended.exit_code, ended.stdout) == (1, "")
        assert ended.stderr.count("\n") == 1
        return ended.stderr.strip()

    return sentence


@pytest.fixture
def stranger(site: Site) -> dict[str, str]:
    """What shows who is asking, of somebody who may see nothing of the administrator's."""
    with Client(site.url, token=site.token) as admin:
        numbers = {
            f"{noun}_id": next(one["id"] for one in rows.all().values() if one["name"] == name)
            for noun, rows, name in (("role", admin.roles, "superuser"), ("quota", admin.quotas, "default"))
        }
        fields = {"username": "eve", "password": PASSWORD, "auth_source": "internal", "email": "", "fs_uid": -1}
        admin.users.add(fields | numbers)
    with Client(site.url, username="eve", password=PASSWORD) as eve:
        return {"ZOE_URL": site.url, "ZOE_TOKEN": str(eve.create_token("own")["token"])}


def test_an_execution_that_is_unknown_foreign_or_over_is_told_before_anything_listens(
    site: Site, refused: Callable[..., str], stranger: dict[str, str]
) -> None:
    over = run(site.zoe, entry("main", "true"))
    site.zoe.wait_for(over, "terminated")
    for how in (("-L", f"0:echo0:{PORT}"), ("--socks", "0")):
        assert refused(987654, *how) == "There is no execution 987654."
        assert refused(site.execution, *how, **stranger) == "This execution belongs to somebody else."
        assert refused(over, *how) == f"Execution {over} has ended: nothing of it can be reached any more."


def test_who_shows_no_token_or_a_wrong_one_is_told_to_sign_in(site: Site, refused: Callable[..., str]) -> None:
    for shown in ({"ZOE_URL": site.url}, {"ZOE_URL": site.url, "ZOE_TOKEN": "wrong"}):
        for how in (("-L", f"0:echo0:{PORT}"), ("--socks", "0")):
            assert "`zoe login" in refused(site.execution, *how, **shown)


def test_a_service_that_the_execution_has_not_is_told_with_those_it_has(
    site: Site, refused: Callable[..., str]
) -> None:
    assert refused(site.execution, "-L", f"0:ecco0:{PORT}") == (
        f"Execution {site.execution} has no service ecco0; its services are echo0."
    )


def test_a_local_port_that_is_taken_is_told_with_how_to_choose_another(site: Site, refused: Callable[..., str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(site.execution, "-L", f"{port}:echo0:{PORT}")
        cannot = f"Port {port} of this machine cannot be used (Address already in use): choose another with"
        assert said == f"{cannot} -L LOCAL:echo0:{PORT}."
        assert refused(site.execution, "--socks", port) == f"{cannot} --socks."
