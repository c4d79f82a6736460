"""With a domain of its own: one origin per execution, and nothing of one that holds at another."""

import socket
import threading
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.sync.server import serve as serve_sockets

from tests.integration.gateway.conftest import House, open_house, until
from tests.integration.gateway.speakers import Listener, echo
from zoe.state.database import Database

Serve = Callable[[Callable[[socket.socket], None]], Listener]
NAVIGATES = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


@pytest.fixture(params=["off", pytest.param("auto", marks=pytest.mark.slow)], ids=["embedded", "nginx"])
def apart(database: Database, request: pytest.FixtureRequest) -> Iterator[House]:
    """A gateway whose executions are below `localhost`."""
    with open_house(database, request.param, domain="localhost") as made:
        yield made


def at(house: House, number: int) -> dict[str, str]:
    """The Host of an execution's own origin."""
    return {"Host": f"{number}.localhost:{house.port}"}


def page(number: int) -> str:
    return f"/{number}/web0/UI/"


def ready(house: House, number: int) -> None:
    """Wait until its page is served; where there is an nginx, by that."""

    def served() -> bool:
        before = house.gateway.requests
        there = house.ask(page(number), headers=at(house, number)).status == 200
        return there and not (house.fronted and house.gateway.requests != before)

    until(served, "the route")


def test_who_comes_by_a_link_signs_in_with_a_ticket_that_is_good_once_and_at_one_origin(
    apart: House, serve: Serve
) -> None:
    number, other = (apart.add(serve(echo()).port) for _ in range(2))
    for one in (number, other):
        ready(apart, one)
    sent = apart.ask(page(number), who=None, headers=at(apart, number) | NAVIGATES)
    where = urlsplit(sent.headers["Location"])
    assert (sent.status, where.netloc, where.path) == (302, "localhost:5001", "/gateway/enter")
    assert parse_qs(where.query)["to"] == [page(number)]
    account = apart.visitors.by_token(apart.tokens["ada"])
    assert account is not None
    way = f"/_zoe/enter?ticket={apart.visitors.ticket(account)}&to={page(number)}"
    entered = apart.ask(way, who=None, headers=at(apart, number))
    assert (entered.status, entered.headers["Location"]) == (302, page(number))
    (given,) = SimpleCookie(entered.headers["Set-Cookie"]).values()
    assert (given["domain"], given["path"], given["httponly"], given["samesite"]) == ("", "/", True, "Lax")
    shown = {"Cookie": f"{given.key}={given.value}"} | NAVIGATES
    answer = apart.ask(page(number), who=None, headers=at(apart, number) | shown)
    assert answer.status == 200
    assert given.value not in answer.body.decode()
    for one in (number, other):
        assert apart.ask(way, who=None, headers=at(apart, one)).status == 403
    # A browser shows the cookie nowhere else: there one signs in anew.
    assert apart.ask(page(other), who=None, headers=at(apart, other) | NAVIGATES).status == 302


def test_a_service_sets_no_cookie_for_the_domain_above_it(apart: House, serve: Serve) -> None:
    domains = ("localhost", ".localhost", '"localhost"', "1.localhost")
    sent = [f"Set-Cookie: c{at}=1; domain={domain}; Path=/" for at, domain in enumerate(domains)]
    sent += ["Set-Cookie: c9=1;DOMAIN = localhost ;Path=/;Domain=localhost"]
    number = apart.add(serve(echo(*sent)).port)
    ready(apart, number)
    answer = apart.ask(page(number), headers=at(apart, number))
    cookies = [one for one in answer.headers.get_all("Set-Cookie", []) if not one.startswith("zoe-pass")]
    assert len(cookies) == len(sent)
    for one in cookies:
        named = [tuple(part.strip() for part in field.partition("=")[::2]) for field in one.split(";")]
        # One that is empty is none.
        assert not [text for name, text in named if name.lower() == "domain" and text], one
        assert {text for name, text in named if name.lower() == "path"} == {page(number)}


def test_a_pass_is_for_one_origin_and_one_execution(apart: House, serve: Serve) -> None:
    own, other, foreign = (apart.add(serve(echo()).port, owner=owner) for owner in ("ada", "ada", "bob"))
    for number in (own, other):
        ready(apart, number)
    everything = {"Cookie": "; ".join([apart.session("ada"), *apart.passes.values()]), "Sec-Fetch-Mode": "cors"}
    for path, host in ((page(own), other), (page(other), own), (page(foreign), foreign), (page(foreign), own)):
        assert apart.ask(path, who=None, headers=at(apart, host) | everything).status == 404
    assert apart.ask(page(own), who="bob", headers=at(apart, own)).status == 404


def test_a_page_of_another_execution_changes_nothing(apart: House, serve: Serve) -> None:
    own, other = (apart.add(serve(echo()).port) for _ in range(2))
    for number in (own, other):
        ready(apart, number)
    for host, expected in ((own, 200), (other, 403)):
        origin = {"Origin": f"http://{at(apart, host)['Host']}"}
        assert apart.ask(page(own), method="POST", headers=at(apart, own) | origin).status == expected
    assert (
        apart.ask(page(own), method="POST", headers=at(apart, own) | {"Origin": "http://localhost:5001"}).status == 403
    )


@pytest.fixture
def chat() -> Iterator[int]:
    with serve_sockets(lambda made: made.send("welcome"), "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.socket.getsockname()[1]
        server.shutdown()
        thread.join()


def test_a_websocket_needs_the_same_permission_at_the_same_origin(apart: House, chat: int, serve: Serve) -> None:
    own, other = apart.add(chat), apart.add(serve(echo()).port)
    ready(apart, other)
    ada, bob = apart.session("ada"), apart.session("bob")

    def opened(cookie: str | None, host: int = own, origin: int = own) -> str:
        headers = {"Origin": f"http://{at(apart, origin)['Host']}"} | ({"Cookie": cookie} if cookie else {})
        to = socket.create_connection(("127.0.0.1", apart.port), timeout=60)
        url = f"ws://{at(apart, host)['Host']}{page(own)}"
        try:
            with connect(url, additional_headers=headers, sock=to, proxy=None) as made:
                return str(made.recv(20))
        except InvalidStatus as refused:
            return str(refused.response.status_code)

    until(lambda: opened(ada) == "welcome", "the route")
    assert [opened(bob), opened(None), opened("zoe-gateway=forged")] == ["404", "401", "401"]
    assert opened(ada, host=other, origin=other) == "404"
    assert opened(ada, origin=other) == "403"


def test_a_service_worker_of_a_service_gets_nothing_but_what_is_below_its_prefix(apart: House, serve: Serve) -> None:
    """One that had the whole origin would see the tickets with which people come in."""
    number, plain = (apart.add(serve(echo(*more)).port) for more in (["Service-Worker-Allowed: /"], []))
    for one, allowed in ((number, page(number)), (plain, None)):
        ready(apart, one)
        for _ in range(2):
            assert apart.ask(page(one), headers=at(apart, one)).headers["Service-Worker-Allowed"] == allowed


def test_a_service_does_not_sign_people_out(apart: House, serve: Serve) -> None:
    number = apart.add(serve(echo('Clear-Site-Data: "cookies"')).port)
    ready(apart, number)
    assert "Clear-Site-Data" not in apart.ask(page(number), headers=at(apart, number)).headers
