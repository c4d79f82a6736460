"""The Python client against a server that answers what a test wants."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from typer.testing import CliRunner

from zoe.cli.main import app
from zoe.client import Client, ServerFailedError, ServerUnreachableError
from zoe.client.streams import Said, events
from zoe.errors import (
    ConflictError,
    ForbiddenError,
    NotFoundError,
    NotSignedInError,
    QuotaExceededError,
    RequestInvalidError,
    StateUnavailableError,
    ZoeError,
)

Answer = tuple[int, str, bytes, dict[str, str]]


class ScriptedServer(ThreadingHTTPServer):
    """Answers one request after the other from a list, the last one for ever, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[Answer] = []
        self.gateway: str | None = None
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []

    def will(self, code: int, body: object = None, reason: str = "Said", etag: str = "") -> None:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        self.answers.append((code, reason, content, {"ETag": etag} if etag else {}))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScriptedServer

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        queue = self.server.answers
        if self.path.endswith("/info") and len(queue) > 1:  # who follows asks where; in between, so to speak
            queue = [(200, "Said", json.dumps({"gateway": self.server.gateway}).encode(), {})]
        else:
            self.server.asked.append((self.command, self.path, dict(self.headers), body))
        code, reason, content, headers = queue.pop(0) if len(queue) > 1 else queue[0]
        self.send_response(code, reason)
        for name, text in headers.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if code != 304:
            self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    made = ScriptedServer()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[Client]:
    with Client(f"http://127.0.0.1:{server.server_port}/", token="secret") as made:
        yield made


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, RequestInvalidError),
        (401, NotSignedInError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (409, ConflictError),
        (500, ServerFailedError),
        (503, StateUnavailableError),
    ],
)
def test_a_refusal_is_an_error_of_its_kind_with_the_servers_words(
    server: ScriptedServer, client: Client, code: int, kind: type[ZoeError]
) -> None:
    server.will(code, {"message": "Because of {this}."})
    with pytest.raises(kind) as caught:
        client.info()
    assert caught.value.args[0] == "Because of {this}."


def test_the_reason_phrase_is_the_message_where_there_is_no_body(server: ScriptedServer, client: Client) -> None:
    server.will(409, reason="You cannot run more than 5 executions at a time, quota exceeded.")
    with pytest.raises(QuotaExceededError, match="more than 5 executions"):
        client.stop(1)


def test_every_fault_of_a_document_is_told_with_its_path(server: ScriptedServer, client: Client) -> None:
    server.will(400, {"message": "Invalid application description", "errors": [{"path": "a.b", "message": "is odd"}]})
    with pytest.raises(RequestInvalidError) as caught:
        client.validate({})
    assert [str(fault) for fault in caught.value.faults] == ["a.b: is odd"]


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"\xff"])
def test_what_is_not_zoe_is_called_so(server: ScriptedServer, client: Client, body: bytes) -> None:
    server.will(200, body)
    with pytest.raises(ServerFailedError, match="is not Zoe's API"):
        client.info()


def test_a_server_that_is_not_there_is_named() -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(ServerUnreachableError, match=r"http://127\.0\.0\.1:9"):
        client.info()


def test_why_a_server_is_not_reached_is_told_in_words() -> None:
    with Client("http://127.0.0.1:9") as client, pytest.raises(ServerUnreachableError) as refused:
        client.info()
    assert "(Connection refused)" in str(refused.value)
    with pytest.raises(ServerUnreachableError, match="an address begins with http:// or https://"):
        Client("zoe.example.org:5001")


@pytest.mark.parametrize("reason", ["Not Found", "File not found"])
def test_where_nothing_of_zoe_is_found_it_is_no_zoe_or_an_older_one(
    server: ScriptedServer, client: Client, reason: str
) -> None:
    server.will(404, b"<html>", reason=reason)
    with pytest.raises(NotFoundError, match=r"no Zoe, or an older one than this command needs: .*/node"):
        client.nodes()
    server.will(404, reason="No such execution")
    server.answers.pop(0)
    with pytest.raises(NotFoundError, match=r"^No such execution$"):
        client.execution(7)


def test_an_older_zoe_that_keeps_no_events_shows_its_executions(server: ScriptedServer) -> None:
    service = {"id": 3, "name": "main0", "status": "inactive"}
    times = {"time_submit": 1.0, "time_start": 2.0, "time_end": 3.0}
    server.will(200, {"id": 7, "name": "old", "status": "terminated", "services": [3], "error_message": None} | times)
    server.will(200, service)
    server.will(404, b"<html>", reason="Not Found")
    url = f"http://127.0.0.1:{server.server_port}"
    ended = CliRunner().invoke(app, ["show", "7", "--url", url], env={"ZOE_TOKEN": "secret"})
    assert (ended.exit_code, ended.stderr) == (0, "")
    assert "main0" in ended.stdout


def test_the_token_goes_with_every_request_and_the_path_below_the_api(server: ScriptedServer, client: Client) -> None:
    server.will(201)
    client.upload("a b/ü.py", b"print()")
    method, path, headers, body = server.asked[0]
    assert (method, path, body) == ("PUT", "/api/0.7/workspace/a%20b/%C3%BC.py", b"print()")
    assert headers["Authorization"] == "Bearer secret"


def test_waiting_asks_only_for_changes_and_ends_with_the_execution(server: ScriptedServer, client: Client) -> None:
    server.will(200, {"id": 7, "status": "queued"}, etag='"1"')
    server.will(304)
    server.will(200, {"status": "running"}, etag='"2"')
    server.will(200, {"status": "terminated"}, etag='"3"')
    seen: list[str] = []
    assert client.wait(7, lambda execution: seen.append(execution["status"]))["status"] == "terminated"
    assert seen == ["queued", "running", "terminated"]
    assert [headers.get("If-None-Match") for _, _, headers, _ in server.asked] == [None, '"1"', '"1"', '"2"']


def test_waiting_survives_a_server_that_is_away_for_a_moment(server: ScriptedServer, client: Client) -> None:
    server.will(200, {"id": 7, "status": "running"}, etag='"1"')
    server.will(503, {"message": "The database does not answer; try again in a moment."})
    server.will(200, {"status": "terminated"})
    assert client.wait(7)["status"] == "terminated"


def test_a_server_that_stays_away_ends_the_waiting(server: ScriptedServer, client: Client) -> None:
    server.will(200, {"id": 7, "status": "running"}, etag='"1"')
    server.will(503)
    server.will(503)
    with pytest.raises(StateUnavailableError):
        list(client.changes(7, patience=0.2))


def test_an_unchanged_execution_is_told_again_after_a_while(server: ScriptedServer, client: Client) -> None:
    server.will(200, {"id": 7, "status": "running"}, etag='"1"')
    for _ in range(3):
        server.will(304)
    server.will(200, {"status": "error"})
    told = [execution["status"] for execution in client.changes(7, every=0.01)]
    assert told[-1] == "error"
    assert told[:-1] == ["running"] * (len(told) - 1)
    assert len(told) > 2


def test_a_log_comes_line_by_line_and_its_refusal_as_an_error(server: ScriptedServer, client: Client) -> None:
    server.will(200, "2026-01-01 10:00:00 ü\n2026-01-01 10:00:01 b\n".encode())
    server.will(404, {"message": "There is no service 3."})
    server.will(404, {"message": "There is no service 3."})
    assert list(client.logs(3, follow=False)) == ["2026-01-01 10:00:00 ü", "2026-01-01 10:00:01 b"]
    with pytest.raises(NotFoundError, match="no service 3"):
        list(client.logs(3))
    assert [path for _, path, _, _ in server.asked] == [
        "/api/0.7/service/logs/3?follow=false",
        "/api/0.7/service/logs/3",
    ]


@pytest.mark.parametrize("gateway", [None, "http://127.0.0.1:9", "http://no such host", "here"])
def test_without_a_gateway_or_with_one_that_nobody_reaches_the_api_is_asked(
    server: ScriptedServer, client: Client, gateway: str | None
) -> None:
    server.gateway = f"http://127.0.0.1:{server.server_port}/else" if gateway == "here" else gateway
    if gateway == "here":
        server.will(404)
    server.will(200, b"a\nb\n")
    server.will(200)
    assert list(client.logs(3)) == ["a", "b"]


def test_events_are_read_however_they_are_cut() -> None:
    text = ": welcome\n\nid: 2\nevent: lines\ndata: a\u2028b\ndata: \n\n: \n\nid: 2.end\nevent: end\ndata: \n\n"
    for size in (1, 5, len(text)):
        pieces = iter([text[at : at + size] for at in range(0, len(text), size)])
        assert list(events(pieces)) == [Said("lines", "2", "a\u2028b\n"), Said("end", "2.end", "")]


def test_accounts_come_unwrapped(server: ScriptedServer, client: Client) -> None:
    server.will(200, {"role": {"id": 3, "name": "user"}})
    server.will(201, {"quota_id": 4})
    assert client.roles.get(3)["name"] == "user"
    assert client.quotas.add({"name": "large"}) == 4
