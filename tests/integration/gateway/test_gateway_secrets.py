"""What lets a person in never reaches a service: looked for in every byte that one was sent."""

import socket
from collections.abc import Callable

import pytest
from websockets.sync.client import connect
from websockets.utils import accept_key

from tests.integration.gateway.conftest import House, until
from tests.integration.gateway.speakers import Listener
from zoe.errors import NotFoundError
from zoe.tunnel import Way

Serve = Callable[[Callable[[socket.socket], None]], Listener]
JUPYTER = "token of-jupyter"


class Spy:
    """A service that keeps all it hears, and answers pages and WebSockets alike."""

    def __init__(self) -> None:
        self.heard = b""

    def __call__(self, made: socket.socket) -> None:
        while head := self._head(made):
            key = next((line[19:].strip() for line in head.split(b"\r\n") if line.lower().startswith(WS_KEY)), None)
            if key is None:
                made.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                continue
            accept = accept_key(key.decode()).encode()
            made.sendall(UPGRADE + accept + b"\r\n\r\n\x81\x02hi")
            made.recv(100)
            return

    def _head(self, made: socket.socket) -> bytes:
        head = b""
        while b"\r\n\r\n" not in head and (piece := made.recv(65536)):
            head += piece
        self.heard += head
        return head

    def lines(self) -> list[str]:
        """The headers of all requests, names in lower case."""
        split = (line.partition(":") for line in self.heard.decode("latin-1").split("\r\n"))
        return [f"{name.lower()}:{text}" for name, _, text in split]


WS_KEY = b"sec-websocket-key: "
UPGRADE = b"HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "


@pytest.fixture
def spy() -> Spy:
    return Spy()


@pytest.fixture
def number(house: House, serve: Serve, spy: Spy) -> int:
    made = house.add(serve(spy).port)
    house.ready(made)
    return made


def secrets(house: House) -> dict[str, str]:
    """All that could let ada in, by its name; a ticket is one that nobody has used."""
    account = house.visitors.by_token(house.tokens["ada"])
    assert account is not None
    own = {"zoe-gateway": house.session("ada").partition("=")[2], "ticket": house.visitors.ticket(account)}
    passes = [one.partition("=")[2] for (_, of), one in house.passes.items() if of != "session"]
    return {"token": house.tokens["ada"]} | own | ({"zoe-pass": passes[-1]} if passes else {})


def test_a_websocket_s_service_hears_of_no_token_cookie_or_ticket(house: House, number: int, spy: Spy) -> None:
    known = secrets(house)
    cookies = [
        ("Cookie", f"a=1; zoe-gateway={known['zoe-gateway']}; b=2"),
        ("Cookie", f"zoe-pass={known.get('zoe-pass', 'x')}"),
    ]
    shown: list[list[tuple[str, str]]] = [
        [("Authorization", f"Bearer {known['token']}")],
        [("Authorization", f"bearer  {known['token']}"), *cookies],
        cookies,
        [*cookies, ("Authorization", JUPYTER), ("X-Zoe-Peer", "forged 1.2.3.4"), ("Proxy-Authorization", "Basic x")],
    ]
    way = f"/_zoe/enter?ticket={known['ticket']}&to=/{number}/web0/UI/ws"
    entered = house.ask(way, who=None)
    assert entered.headers["Referrer-Policy"] == "no-referrer"
    known["entered"] = entered.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    shown.append([("Cookie", f'zoe-gateway="{known["entered"]}"')])
    for headers in shown:
        with connect(
            f"ws://127.0.0.1:{house.port}/{number}/web0/UI/ws", additional_headers=headers, proxy=None
        ) as made:
            assert made.recv(20) == "hi"
    for name, secret in known.items():
        assert secret.encode() not in spy.heard, name
    lines = spy.lines()
    assert lines.count("cookie: a=1; b=2") == 3
    assert [line for line in lines if line.startswith("authorization")] == [f"authorization: {JUPYTER}"]
    assert not [line for line in lines if line.startswith(("x-zoe", "proxy-auth"))]


def test_a_page_s_service_hears_of_no_cookie_or_pass_also_where_nginx_asks_it(
    house: House, number: int, spy: Spy
) -> None:
    known = secrets(house)
    pairs = [f"{name}={secret}" for name, secret in known.items() if name.startswith("zoe-")]

    def served_directly() -> bool:
        before = house.gateway.requests
        house.ask(f"/{number}/web0/UI/", who=None, headers={"Cookie": "; ".join(pairs), "Sec-Fetch-Mode": "cors"})
        return house.gateway.requests == before

    if house.fronted:
        until(served_directly, "the route in nginx")  # which it takes up a moment after the first answer
    before = house.gateway.requests
    for cookies in (["a=1", *pairs, "b=2"], [*pairs, "a=1", "b=2"], ["a=1", "b=2", *pairs], [*pairs, "zoe=x", *pairs]):
        headers = {"Cookie": "; ".join(cookies), "Authorization": JUPYTER, "Sec-Fetch-Mode": "cors"}
        assert house.ask(f"/{number}/web0/UI/", who=None, headers=headers).status == 200
    # What has more of Zoe's cookies than nginx takes off goes by way of the embedded gateway.
    assert house.gateway.requests - before == (1 if house.fronted else 4)
    for name, secret in known.items():
        assert secret.encode() not in spy.heard, name
    assert spy.lines().count("cookie: a=1; b=2") == 3
    assert spy.lines().count(f"authorization: {JUPYTER}") == 4


def test_a_raw_connection_s_service_hears_only_what_was_sent(house: House, serve: Serve) -> None:
    heard: list[bytes] = []

    def listen(made: socket.socket) -> None:
        while piece := made.recv(65536):
            heard.append(piece)
            made.sendall(b"ok")

    number = house.add(serve(listen).port, template="ssh://{ip_port}")
    way = Way(f"http://127.0.0.1:{house.port}", house.tokens["ada"], number)

    def attempt() -> bool:
        try:
            with way.open("web0", 80) as made:
                made.send(b"SSH-2.0-x\r\n")
                return made.recv(20) == b"ok"
        except NotFoundError:
            return False

    until(attempt, "the route")
    assert b"".join(heard) == b"SSH-2.0-x\r\n"
