"""Services that misbehave, and requests for what is foreign, ended, unknown, or not there yet."""

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from tests.integration.gateway.conftest import House, until
from tests.integration.gateway.speakers import Listener, echo, read_head

Serve = Callable[[Callable[[socket.socket], None]], Listener]


def speaks_no_http(made: socket.socket) -> None:
    made.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    made.recv(1)


def closes_at_once(made: socket.socket) -> None:
    made.recv(100)


def endless_headers(made: socket.socket) -> None:
    made.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        made.sendall(b"X-More: and more\r\n" * 1000)


def endless_header(made: socket.socket) -> None:
    made.sendall(b"HTTP/1.1 200 OK\r\nX-More: ")
    while True:
        made.sendall(b"more" * 10_000)


def lies_about_its_length(made: socket.socket) -> None:
    read_head(made)
    made.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")


@pytest.mark.parametrize(
    "speak", [speaks_no_http, closes_at_once, endless_headers, endless_header, lies_about_its_length]
)
def test_a_service_that_cannot_be_understood_gets_a_page_that_says_so(
    house: House, serve: Serve, speak: Callable[[socket.socket], None]
) -> None:
    number = house.add(serve(speak).port)
    path = f"/{number}/web0/UI/"
    until(lambda: house.ask(path).status not in {404, 410, 503}, "the route")
    answer = house.ask(path)
    assert answer.status == 502
    assert b"does not speak HTTP" in answer.body


def test_an_answer_that_breaks_off_is_broken_off_for_the_browser_too(house: House, serve: Serve) -> None:
    def speak(made: socket.socket) -> None:
        read_head(made)
        made.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")

    number = house.add(serve(speak).port)
    path = f"/{number}/web0/UI/"

    def broken() -> bool:
        with socket.create_connection(("127.0.0.1", house.port), timeout=60) as browser:
            token = house.tokens["ada"]
            head = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
            browser.sendall(head.encode())
            got = b""
            try:
                while piece := browser.recv(1000):
                    got += piece
            except ConnectionResetError:
                pass
            return b"hello" in got and not got.endswith(b"0\r\n\r\n")

    until(broken, "a broken answer")


def test_a_service_that_is_not_there_yet_opens_by_itself(house: House, serve: Serve) -> None:
    number = house.add(1, status="starting")
    path = f"/{number}/web0/UI/"
    until(lambda: house.ask(path).status == 503, "the execution")
    answer = house.ask(path)
    assert answer.headers["Refresh"] == "1"
    assert b"web0 is starting" in answer.body
    house.set_status(number, "active")  # it runs, but does not listen yet
    until(lambda: b"getting ready" in house.ask(path).body, "the start")
    house.addresses[f"h{number}", 80] = type(house.addresses[f"h{number}", 80])("127.0.0.1", serve(echo()).port)
    until(lambda: house.ask(path).status == 200, "the page")


@pytest.mark.parametrize("first", ["starting", "active"])
def test_a_page_that_was_asked_for_too_early_comes_as_soon_as_it_is_there(house: House, first: str) -> None:
    """In one request: who waits for a service that is about to run, or to listen, need not ask again."""
    with socket.create_server(("127.0.0.1", 0)) as kept:
        port = kept.getsockname()[1]
    number = house.add(port, status=first)
    path = f"/{number}/web0/UI/"
    until(lambda: house.ask(path).status == 503, "the execution")

    def in_one_request() -> bool:
        early = browser.submit(house.ask, path)
        time.sleep(0.1)
        with closing(Listener(echo(), port)):
            house.set_status(number, "active")
            if early.result().status == 200:
                return True
        house.set_status(number, first)  # the machine was too slow: once more from the beginning
        until(lambda: house.ask(path).status == 503, "the old state")
        return False

    with ThreadPoolExecutor(1) as browser:
        until(in_one_request, "the page")


def test_a_service_that_the_backend_knows_no_way_to_says_why_and_opens_by_itself(house: House, serve: Serve) -> None:
    number = house.add(serve(echo()).port)
    path, known = f"/{number}/web0/UI/", house.addresses.pop((f"h{number}", 80))
    until(lambda: b"nobody has told where it is" in house.ask(path).body, "the words")
    assert (house.ask(path).status, house.ask(path).headers["Refresh"]) == (503, "1")
    house.addresses[f"h{number}", 80] = known
    until(lambda: house.ask(path).status == 200, "the page")


def test_an_execution_that_waits_in_the_queue_opens_by_itself_too(house: House) -> None:
    number = house.add(1, status="created")
    house.rows("UPDATE execution SET status = 'queued' WHERE id = %s", number)
    until(
        lambda: b"It is queued" in (answer := house.ask(f"/{number}/web0/UI/")).body and answer.status == 503, "words"
    )
    assert house.ask(f"/{number}/web0/UI/", "bob").status == 404


@pytest.mark.parametrize("status", ["starting", "running"])
def test_an_execution_that_the_gateway_has_not_heard_of_yet_is_not_said_to_have_ended(
    house: House, status: str
) -> None:
    sql = (
        "INSERT INTO execution (user_id, name, description, size, runtime_limit, time_submit, opportunistic, status) "
        "VALUES (%s, 'test', '{}', 1, 0, 0, false, %s) RETURNING id"
    )
    number = house.rows(sql, house.users["ada"], status)[0][0]  # new rows are not announced
    answer = house.ask(f"/{number}/web0/UI/", method="POST")
    assert (answer.status, answer.headers["Refresh"]) == (503, "1")
    assert house.ask(f"/{number}/web0/UI/", "bob", method="POST").status == 404


def test_a_service_that_has_answered_before_is_not_said_to_be_starting(house: House, serve: Serve) -> None:
    service = serve(echo("Connection: close"))
    number = house.add(service.port)
    house.ready(number)
    service.close()
    answer = house.ask(f"/{number}/web0/UI/")
    assert answer.status == 502
    assert b"Nobody answers on its port 80" in answer.body
    assert "Refresh" not in answer.headers


def test_foreign_and_unknown_executions_look_the_same(house: House, serve: Serve) -> None:
    own, foreign, gone = (house.add(serve(echo()).port, owner=owner) for owner in ("ada", "bob", "bob"))
    house.ready(own)
    house.end(gone)
    unknown = house.ask("/987654321/web0/UI/")
    assert unknown.status == 404
    for path in (
        f"/{foreign}/web0/UI/",
        f"/{gone}/web0/UI/",
        f"/{foreign}/nothing/UI/",
        f"/{own}/web0/None/",
        "/",
        "/x",
    ):
        answer = house.ask(path)
        assert (answer.status, answer.body) == (404, unknown.body), path
    assert house.ask(f"/{foreign}/web0/UI/", "boss").status == 200


def test_an_execution_of_one_s_own_that_has_ended_says_so(house: House, serve: Serve) -> None:
    number = house.add(serve(echo()).port)
    house.ready(number)
    house.end(number)
    path = f"/{number}/web0/UI/"
    until(lambda: (answer := house.ask(path)).status == 410 and b"has ended" in answer.body, "the end")
    assert house.ask(path, "bob").status == 404


def test_who_is_not_signed_in_is_sent_to_sign_in_and_programs_are_told(house: House, serve: Serve) -> None:
    number = house.add(serve(echo()).port)
    path = f"/{number}/web0/UI/?a=b"
    answer = house.ask(path, who=None, headers={"Accept": "text/html"})
    assert answer.status == 302
    assert answer.headers["Location"] == f"http://localhost:5001/gateway/enter?to=%2F{number}%2Fweb0%2FUI%2F%3Fa%3Db"
    assert house.ask(path, who=None).status == 401
    assert house.ask(path, who=None, headers={"Authorization": "Bearer wrong"}).status == 401
    assert house.ask(path, who=None, headers={"Cookie": "zoe=forged; zoe-gateway=forged"}).status == 401


def test_a_ticket_opens_the_gateway_once(house: House, serve: Serve) -> None:
    account = house.visitors.by_token(house.tokens["ada"])
    assert account is not None
    ticket = house.visitors.ticket(account)
    answer = house.ask(f"/_zoe/enter?ticket={ticket}&to=/7/web0/UI/%3Fa%3Db", who=None)
    assert (answer.status, answer.headers["Location"]) == (302, "/7/web0/UI/?a=b")
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert house.ask(f"/_zoe/enter?ticket={ticket}&to=/", who=None).status == 403
    for to in ("//evil.example", "https://evil.example", "/\\evil.example"):
        assert house.ask(f"/_zoe/enter?ticket={ticket}&to={to}", who=None).status == 400


def test_who_is_disabled_is_out_at_once(house: House, serve: Serve) -> None:
    number = house.add(serve(echo()).port)
    house.ready(number)
    headers = {"Cookie": house.session("ada")}
    path = f"/{number}/web0/UI/"
    assert house.ask(path, who=None, headers=headers).status == 200
    house.rows("UPDATE account SET enabled = false WHERE username = 'ada'")
    until(lambda: house.ask(path, who=None, headers=headers).status == 401, "the door to close")


def test_a_route_is_there_at_once_when_its_service_runs_and_gone_when_it_ends(house: House, serve: Serve) -> None:
    number = house.add(serve(echo()).port, status="starting")
    path = f"/{number}/web0/UI/"
    until(lambda: house.ask(path).status == 503, "the execution")
    house.set_status(number, "active")
    until(lambda: house.ask(path).status == 200, "the route")
    house.set_status(number, "terminating")
    until(lambda: house.ask(path).status == 410, "the end of the route")


def test_a_new_life_of_a_service_never_gets_a_connection_of_the_one_before(house: House, serve: Serve) -> None:
    old, new = serve(echo("X-Life: old")), serve(echo("X-Life: new"))
    number = house.add(old.port)
    house.ready(number)
    path = f"/{number}/web0/UI/"
    assert house.ask(path).headers["X-Life"] == "old"
    house.addresses["again", 80] = type(house.addresses[f"h{number}", 80])("127.0.0.1", new.port)
    house.rows("UPDATE service SET handle = 'again', restart_count = 1 WHERE execution_id = %s", number)
    until(lambda: house.ask(path).headers["X-Life"] == "new", "the new life")


def test_a_browser_that_leaves_lets_the_service_know(house: House, serve: Serve) -> None:
    left = threading.Event()

    def speak(made: socket.socket) -> None:
        first, _, _ = read_head(made)
        if "wait" not in first:
            made.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        elif made.recv(1) == b"":
            left.set()

    number = house.add(serve(speak).port)
    house.ready(number)
    with socket.create_connection(("127.0.0.1", house.port), timeout=60) as browser:
        token = house.tokens["ada"]
        browser.sendall(
            f"GET /{number}/web0/UI/wait HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        time.sleep(0.1)
    assert left.wait(60)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET http://127.0.0.1:22/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_requests_that_are_none_are_refused(house: House, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", house.port), timeout=60) as browser:
        browser.sendall(sent)
        assert browser.recv(1000).split()[1] in {b"400", b"401", b"404"}
