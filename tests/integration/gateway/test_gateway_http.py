"""Requests through the gateway: what a service gets, and what comes back."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.cookies import SimpleCookie

import pytest

from tests.integration.gateway.conftest import House, open_house, until
from tests.integration.gateway.speakers import Listener, echo, read_head
from zoe.state.accounts import Accounts
from zoe.state.database import Database

Serve = Callable[[Callable[[socket.socket], None]], Listener]


def test_a_request_reaches_the_service_without_its_prefix(house: House, serve: Serve) -> None:
    number = house.add(serve(echo()).port)
    house.ready(number)
    got = house.ask(f"/{number}/web0/UI/a/b?c=d%20e").json
    assert got["first"] == "GET /a/b?c=d%20e HTTP/1.1"
    assert got["headers"]["host"] == f"localhost:{house.port}"
    assert got["headers"]["x-forwarded-host"] == f"localhost:{house.port}"
    assert got["headers"]["x-forwarded-context"] == f"/{number}/web0/UI"
    assert got["headers"]["x-forwarded-for"] == "127.0.0.1"


def test_a_service_that_knows_its_prefix_gets_the_path_as_it_is(house: House, serve: Serve) -> None:
    number = house.add(serve(echo()).port, template="http://{ip_port}{proxy_path}/lab")
    house.ready(number)
    got = house.ask(f"/{number}/web0/UI/lab?x").json
    assert got["first"] == f"GET /{number}/web0/UI/lab?x HTTP/1.1"
    assert "x-forwarded-context" not in got["headers"]


@pytest.mark.parametrize("rest", ["/a//b", "/%2f..%2fetc", "/%2e%2e%2f", "/a;b=c", '/"quoted"<>|', "/x/..;/y"])
def test_odd_paths_reach_the_service_as_they_were_sent(house: House, serve: Serve, rest: str) -> None:
    number = house.add(serve(echo()).port)
    house.ready(number)
    assert house.ask(f"/{number}/web0/UI{rest}").json["first"] == f"GET {rest} HTTP/1.1"


def test_a_path_with_a_nought_byte_is_passed_on_or_refused(house: House, serve: Serve) -> None:
    number = house.add(serve(echo()).port)
    house.ready(number)
    answer = house.ask(f"/{number}/web0/UI/%00")
    assert answer.status == 400 or answer.json["first"] == "GET /%00 HTTP/1.1"


def test_paths_that_climb_are_refused_and_never_get_to_another_service(house: House, serve: Serve) -> None:
    first, second = house.add(serve(echo()).port), house.add(serve(echo()).port, owner="bob")
    house.ready(first)
    for path in (f"/{first}/web0/UI/../../../{second}/web0/UI/", f"/{first}/web0/UI/%2e%2E/x", f"/./{first}/web0/UI/"):
        assert house.ask(path).status == 400
    for path in (f"//{first}/web0/UI/", f"/{first}//web0/UI/", f"/{first}%2fweb0/UI/", f"/0{first}/web0/UI/"):
        assert house.ask(path).status == 404
    assert house.ask(f"/{first}/web0/UI/%2e%2e%2f{second}").json["first"].startswith("GET /%2e%2e%2f")


def test_zoe_s_cookies_and_tokens_never_reach_a_service(house: House, serve: Serve) -> None:
    number = house.add(serve(echo()).port)
    house.ready(number)
    session = house.session("ada")
    cookies = f"a=1; {session}; zoe=secret; zoe-pass=x; b=2; zoe=again"
    got = house.ask(f"/{number}/web0/UI/", who=None, headers={"Cookie": cookies}).json["headers"]
    assert got["cookie"] == "a=1; b=2"
    assert "authorization" not in house.ask(f"/{number}/web0/UI/").json["headers"]
    own = {"Cookie": session, "Authorization": "token of-jupyter"}
    assert (
        house.ask(f"/{number}/web0/UI/", who=None, headers=own).json["headers"]["authorization"] == "token of-jupyter"
    )


def test_a_session_that_was_signed_out_opens_no_page_any_more(house: House, serve: Serve) -> None:
    number = house.add(serve(echo()).port)
    house.ready(number)
    account = house.visitors.by_token(house.tokens["ada"])
    assert account is not None
    kept = {}
    left, other = f"left {number}", f"other {number}"
    for session in (left, other):
        cookie = house.visitors.enter(house.visitors.ticket(account, session), secure=False) or ""
        kept[session] = {"Cookie": cookie.partition(";")[0], "Sec-Fetch-Mode": "navigate"}
        answer = house.ask(f"/{number}/web0/UI/", who=None, headers=kept[session])
        assert answer.status == 200
        for given in answer.headers.get_all("Set-Cookie", []):  # nginx lets a pass through without asking
            kept[session]["Cookie"] += f"; {given.partition(';')[0]}"
    with house.database.session():
        Accounts(house.database).sign_out({left}, 0, until=time.time() + 60)
    path = f"/{number}/web0/UI/"
    until(lambda: house.ask(path, who=None, headers=kept[left]).status in {302, 401}, "the end of the session")
    assert house.ask(path, who=None, headers=kept[other]).status == 200


def test_cookies_of_a_service_stay_below_its_prefix_and_cannot_be_zoe_s(house: House, serve: Serve) -> None:
    sent = [
        "Set-Cookie: a=1; Domain=example.org; Path=/; HttpOnly",
        "Set-Cookie: b=2; path=/sub",
        "Set-Cookie: zoe=forged; Path=/",
        "Set-Cookie: zoe-gateway=forged",
    ]
    number = house.add(serve(echo(*sent)).port)
    house.ready(number)
    prefix = f"/{number}/web0/UI"
    answer = house.ask(f"{prefix}/")
    cookies = [SimpleCookie(one) for one in answer.headers.get_all("Set-Cookie", []) if not one.startswith("zoe-pass")]
    kept = {name: morsel for cookie in cookies for name, morsel in cookie.items()}
    assert {"a", "b"} <= set(kept)
    for morsel in kept.values():  # one called like Zoe's may be left, but can hide none of Zoe's below this path
        assert morsel["domain"] == ""
        assert morsel["path"].startswith(f"{prefix}/") or (house.fronted and not morsel["path"])
    assert house.fronted or set(kept) == {"a", "b"}


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("/login?next=/x", "{prefix}/login?next=/x"),
        ("login", "login"),
        ("http://localhost:{port}/a#b", "{prefix}/a#b"),
        ("http://10.9.8.7:80/a", "{prefix}/a"),
        ("http://10.9.8.7/a", "{prefix}/a"),
        ("http://10.9.8.7:81/jobs/", "/{number}/web0/Other/jobs/"),
        ("http://10.9.8.7:82/a", "http://10.9.8.7:82/a"),
        ("https://example.org/a", "https://example.org/a"),
        ("//example.org/a", "//example.org/a"),
    ],
)
def test_redirects_lead_back_through_the_gateway(house: House, serve: Serve, named: str, expected: str) -> None:
    location = named.format(port=house.port)
    more = [{"name": "Other", "port_number": 81, "protocol": "tcp", "url_template": "http://{ip_port}/"}]
    number = house.add(serve(echo(f"Location: {location}")).port, ports=more)
    house.ready(number)
    prefix = f"/{number}/web0/UI"
    assert house.ask(f"{prefix}/").headers["Location"] == expected.format(prefix=prefix, number=number)


def test_the_first_page_without_a_slash_is_sent_to_the_one_with_it(house: House, serve: Serve) -> None:
    number = house.add(serve(echo()).port)
    house.ready(number)
    answer = house.ask(f"/{number}/web0/UI?x=/1/2/3")
    assert (answer.status, answer.headers["Location"]) == (307, f"/{number}/web0/UI/?x=/1/2/3")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_every_method_goes_through(house: House, serve: Serve, method: str) -> None:
    number = house.add(serve(echo()).port)
    house.ready(number)
    answer = house.ask(f"/{number}/web0/UI/", method=method)
    assert answer.status == 200
    assert method == "HEAD" or answer.json["first"] == f"{method} / HTTP/1.1"


def fill(browser: socket.socket, most: int) -> int:
    """Send until nothing more is taken; return how much that was."""
    browser.settimeout(0.5)
    sent = 0
    with suppress(TimeoutError):
        while sent < most:
            sent += browser.send(b"x" * min(1 << 20, most - sent))
    return sent


def test_bodies_are_streamed_both_ways_and_never_held(house: House, serve: Serve) -> None:
    total, piece = 256 << 20, b"x" * (1 << 20)
    held = threading.Event()
    taken = []

    def slow(made: socket.socket) -> None:
        first, headers, rest = read_head(made)
        if "upload" not in first:
            made.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return
        held.wait(20)
        left = int(headers["content-length"]) - len(rest)
        while left:
            left -= len(made.recv(min(left, 1 << 20)))
        taken.append(True)
        made.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")

    number = house.add(serve(slow).port)
    house.ready(number)
    with socket.create_connection(("127.0.0.1", house.port), timeout=60) as browser:
        head = f"POST /{number}/web0/UI/upload HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {house.tokens['ada']}\r\n"
        browser.sendall(f"{head}Content-Length: {total}\r\nExpect: 100-continue\r\n\r\n".encode())
        assert browser.recv(100).startswith(b"HTTP/1.1 100 Continue")
        sent = fill(browser, total)  # as long as the service takes nothing, the gateway soon takes no more either
        assert sent < 64 << 20
        held.set()
        browser.settimeout(20)
        while sent < total:
            sent += browser.send(piece[: total - sent])
        answer = b""
        while b"0\r\n\r\n" not in answer:
            answer += browser.recv(1000)
    assert b"hello" in answer
    assert taken


def test_an_answer_comes_as_the_service_writes_it(house: House, serve: Serve) -> None:
    go_on = threading.Event()

    def speak(made: socket.socket) -> None:
        first, _, _ = read_head(made)
        if "stream" not in first:
            made.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return
        made.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        go_on.wait(20)
        made.sendall(b"data: 2\n\n")

    number = house.add(serve(speak).port)
    house.ready(number)
    with socket.create_connection(("127.0.0.1", house.port), timeout=60) as browser:
        head = f"GET /{number}/web0/UI/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {house.tokens['ada']}\r\n"
        browser.sendall(f"{head}\r\n".encode())
        got = b""
        while b"data: 1\n\n" not in got:
            got += browser.recv(1000)
        go_on.set()
        while b"0\r\n\r\n" not in got:
            got += browser.recv(1000)
    assert b"data: 2\n\n" in got


def test_what_a_service_has_packed_stays_packed(house: House, serve: Serve) -> None:
    def speak(made: socket.socket) -> None:
        while True:
            read_head(made)
            made.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc")

    number = house.add(serve(speak).port)
    house.ready(number)
    answer = house.ask(f"/{number}/web0/UI/", headers={"Accept-Encoding": "gzip"})
    assert (answer.headers["Content-Encoding"], answer.body) == ("gzip", b"abc")


def test_connections_to_a_service_are_used_again(house: House, serve: Serve) -> None:
    service = serve(echo())
    number = house.add(service.port)
    house.ready(number)
    before = service.connections
    for _ in range(10):
        assert house.ask(f"/{number}/web0/UI/").status == 200
    assert service.connections <= before + 1  # nginx has two workers, and each keeps its own


def test_a_page_of_another_origin_changes_nothing(house: House, serve: Serve) -> None:
    number = house.add(serve(echo()).port)
    house.ready(number)
    path, cookie = f"/{number}/web0/UI/", house.session("ada")
    for origin, expected in (("http://evil.example", 403), ("null", 403), (f"http://localhost:{house.port}", 200)):
        headers = {"Cookie": cookie, "Origin": origin}
        assert house.ask(path, who=None, method="POST", headers=headers).status == expected


def test_what_a_person_does_is_noted_and_what_an_open_page_asks_by_itself_is_not(house: House, serve: Serve) -> None:
    quiet, clicked, saved = (house.add(serve(echo()).port) for _ in range(3))
    for number in (quiet, clicked, saved):
        house.ready(number)
    house.ask(f"/{quiet}/web0/UI/api", headers={"Sec-Fetch-Mode": "cors", "Accept": "text/html"})
    house.ask(f"/{clicked}/web0/UI/", headers={"Sec-Fetch-Mode": "navigate"})
    house.ask(f"/{saved}/web0/UI/", method="PUT", headers={"Sec-Fetch-Mode": "cors"})
    until(
        lambda: {number for seen, kind in house.noted if kind == "traffic" for number in seen} == {clicked, saved},
        "notes",
    )


def test_the_layout_that_jupyterlab_saves_by_itself_is_no_work_and_what_else_is_saved_is(
    house: House, serve: Serve
) -> None:
    own = ("/lab/api/workspaces/default?1795449992892", "/x/lab/api/workspaces/auto-k", "/lab/api/workspaces/")
    work = ("/api/contents/lab/api/workspaces/a/b.ipynb?1", "/api/contents/x?at=/lab/api/workspaces/y", "/lab/api/x")
    port = serve(echo()).port
    untouched, at_work = house.add(port), {house.add(port): path for path in work}
    for number in (untouched, *at_work):
        house.ready(number)
    for number, path in [*((untouched, path) for path in own), *at_work.items()]:
        answer = house.ask(f"/{number}/web0/UI{path}", method="PUT", headers={"Sec-Fetch-Mode": "cors"})
        assert answer.json["first"] == f"PUT {path} HTTP/1.1"
    until(lambda: {number for seen, _ in house.noted for number in seen} >= set(at_work), "notes")
    assert untouched not in {number for seen, _ in house.noted for number in seen}


@pytest.mark.parametrize("nginx", ["off", "auto"])
def test_with_a_domain_each_execution_has_its_own_origin_and_no_other_serves_it(
    database: Database, serve: Serve, nginx: str
) -> None:
    with open_house(database, nginx, domain="localhost") as house:
        number, other = (house.add(serve(echo()).port) for _ in range(2))
        path = f"/{number}/web0/UI/"
        own, foreign = ({"Host": f"{one}.localhost:{house.port}"} for one in (number, other))
        until(lambda: house.ask(path, headers=own).status == 200, "the route")
        assert house.ask(path, headers=foreign).status == 404
        answer = house.ask(path)
        assert (answer.status, answer.headers["Location"]) == (307, f"http://{number}.localhost:{house.port}{path}")
        assert house.ask(path, method="POST").status == 404
