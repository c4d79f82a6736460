"""The raw wire, under the server that serves it: what old clients read is the status line, the cookie, the stream."""

import base64
import http.client
import json
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from falcon.testing import StartResponseMock, create_environ

from zoe.api.application import PREFIX, create_app
from zoe.serve.http import HttpServer

World = Any
PASSWORD = "open:sesame"


class LiveLog:
    """A log with one line, that grows until it is ended."""

    def __init__(self) -> None:
        self.lines: queue.Queue[bytes | None] = queue.Queue()
        self.closed = threading.Event()

    def __call__(self, _service_id: int, follow: bool) -> Iterator[bytes]:
        try:
            yield FIRST
            while line := self.lines.get(timeout=60):
                yield line
        finally:
            self.closed.set()


FIRST = b"2024-01-01 00:00:00 first line\n"


class Wire:
    """Talks to one server as the standard library does; every answer has a connection of its own."""

    def __init__(self, address: str) -> None:
        self._host = address.removeprefix("http://")
        self._open = ExitStack()

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection(self._host, timeout=60)
        self._open.callback(connection.close)
        text = None if body is None else json.dumps(body)
        connection.request(method, PREFIX + path, text, {"Content-Type": "application/json", **headers})
        return self._open.enter_context(connection.getresponse())

    def close(self) -> None:
        self._open.close()


@pytest.fixture
def connect() -> Iterator[Callable[[World], Wire]]:
    """Serves a world; returns the wire to it."""
    with ExitStack() as stack:

        def start(world: World) -> Wire:
            server = HttpServer(create_app(world.collaborators), "127.0.0.1", 0, threads=4, max_body=2**20)
            server.start()
            stack.callback(server.close)
            wire = Wire(server.address)
            stack.callback(wire.close)
            return wire

        yield start


def test_an_old_client_s_session(world: World, connect: Callable[[World], Wire], make_zapp: Callable[..., Any]) -> None:
    world.rows("UPDATE quota SET concurrent_executions = 1")
    ask = connect(world).ask
    login = ask("GET", "/login", Authorization="Basic " + base64.b64encode(f"admin:{PASSWORD}".encode()).decode())
    assert json.loads(login.read())["user"]["username"] == "admin"
    cookies = login.headers.get_all("Set-Cookie")
    assert cookies is not None
    assert len(cookies) == 1
    back = {"Cookie": cookies[0]}  # the raw value, attributes included
    assert json.loads(ask("GET", "/info", **back).read())["api_version"] == "0.7"
    submission = {"application": make_zapp(), "name": "old"}
    started = ask("POST", "/execution", submission, **back)
    assert (started.status, started.headers["Content-Type"]) == (201, "application/json; charset=UTF-8")
    number = json.loads(started.read())["execution_id"]
    refused = ask("POST", "/execution", submission, **back)
    assert (refused.status, refused.reason) == (409, "You cannot run more than 1 executions at a time, quota exceeded.")
    stopped = ask("DELETE", f"/execution/{number}/", **back)
    assert (stopped.status, stopped.read()) == (204, b"")
    assert (
        ask("GET", "//execution///999999").reason
        == "Sign in first: no valid cookie, token or password came with the request."
    )
    assert ask("GET", "/execution/999999", **back).reason == "There is no execution 999999."


def test_a_log_streams_while_the_service_runs_and_ends_with_it(world: World, connect: Callable[[World], Wire]) -> None:
    log = LiveLog()
    live = world.with_(logs=log)
    service = world.get(f"/execution/{world.submit()}")["services"][0]
    ask = connect(live).ask
    answer = ask("GET", f"/service/logs/{service}", Authorization=f"Bearer {world.tokens['admin']}")
    assert answer.status == 200
    assert answer.readline() == FIRST
    # While it streams it holds no connection of the database.
    assert not world.database.peewee._in_use
    log.lines.put(b"2024-01-01 00:00:01 second\n")
    assert answer.readline() == b"2024-01-01 00:00:01 second\n"
    log.lines.put(None)
    assert answer.read() == b""
    assert log.closed.wait(60)


def test_followers_leave_half_of_the_threads_to_others(world: World, connect: Callable[[World], Wire]) -> None:
    log = LiveLog()
    settings = world.collaborators.settings
    small = settings.model_copy(update={"api": settings.api.model_copy(update={"threads": 4})})
    live = world.with_(logs=log, settings=small)
    service = world.get(f"/execution/{world.submit()}")["services"][0]
    ask, bearer = connect(live).ask, {"Authorization": f"Bearer {world.tokens['admin']}"}
    path = f"/service/logs/{service}"
    followers = []
    for _ in range(2):
        followers.append(ask("GET", path, **bearer))
        assert followers[-1].readline() == FIRST
    refused = ask("GET", path, **bearer)
    assert refused.status == 503
    assert refused.reason.startswith("Too many logs are being followed")
    assert ask("GET", "/execution", **bearer).status == 200
    for _ in followers:
        log.lines.put(None)
    assert [follower.read() for follower in followers] == [b"", b""]
    assert log.closed.wait(60)
    log.lines.put(None)
    assert _eventually(lambda: ask("GET", path, **bearer).status == 200)


def _eventually(condition: Callable[[], bool]) -> bool:
    # The seat is given back just after the last byte: at most a few questions later.
    return any(condition() for _ in range(100))


def test_a_log_that_cannot_be_opened_gives_its_seat_back(world: World) -> None:
    service = world.get(f"/execution/{world.submit()}")["services"][0]
    for _ in range(20):
        assert world.ask("GET", f"/service/logs/{service}").status_code == 404


def test_a_stream_that_is_closed_early_gives_its_seat_back(world: World) -> None:
    service = world.get(f"/execution/{world.submit()}")["services"][0]
    world.log_lines[service] = [b"line\n"] * 3
    bearer = {"Authorization": f"Bearer {world.tokens['admin']}"}
    app = create_app(world.collaborators)
    started = StartResponseMock()
    for _ in range(20):
        answer = app(create_environ(f"{PREFIX}/service/logs/{service}", headers=bearer), started)
        assert started.status == "200 OK"
        answer.close()  # type: ignore[attr-defined] # as servers do when the client has gone
    assert world.ask("GET", f"/service/logs/{service}?follow=false").text == "line\n" * 3
    assert world.ask("GET", f"/service/logs/{service}?follow=perhaps").status_code == 400
