"""WebSockets through the gateway, against a real server of them."""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from websockets import Subprotocol
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection, serve
from websockets.utils import accept_key

from tests.integration.gateway.conftest import House, open_house, until
from tests.integration.gateway.speakers import Listener, read_head
from zoe.state.accounts import Accounts


@pytest.fixture
def chat() -> Iterator[int]:
    """A WebSocket server that says who came with which headers, then echoes."""

    def speak(made: ServerConnection) -> None:
        request = made.request
        assert request is not None
        made.send(f"{request.path} {request.headers.get('Cookie')} {request.headers['Host']}")
        for message in made:
            made.send(message)

    def choose(_made: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        return next(iter(offered), None)

    with serve(speak, "127.0.0.1", 0, select_subprotocol=choose, ping_interval=0.2) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.socket.getsockname()[1]
        server.shutdown()
        thread.join()


def open_chat(house: House, number: int, who: str = "ada", **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {house.tokens[who]}", "Cookie": "a=1; zoe=x"} | more.pop("headers", {})
    url = f"ws://127.0.0.1:{house.port}/{number}/web0/UI/chat?x=%20"
    return connect(url, additional_headers=headers, proxy=None, **more)


def test_a_websocket_goes_through_with_its_extensions_and_protocols(house: House, chat: int) -> None:
    number = house.add(chat)
    house.ready(number)
    with open_chat(house, number, subprotocols=["v1.kernel"]) as made:
        assert made.subprotocol == "v1.kernel"
        assert made.recv(20) == f"/chat?x=%20 a=1 127.0.0.1:{house.port}"
        for message in ("text", b"bytes", "x" * 900_000, ""):
            made.send(message)
            assert made.recv(20) == message
        assert made.ping().wait(60)


def is_over(made: Any) -> bool:
    try:
        made.send("still there?")
        return not made.recv(5)
    except ConnectionClosed:
        return True


def test_a_websocket_closes_when_its_session_is_signed_out_and_others_stay_open(house: House, chat: int) -> None:
    number = house.add(chat)
    house.ready(number)
    account = house.visitors.by_token(house.tokens["ada"])
    assert account is not None
    url = f"ws://127.0.0.1:{house.port}/{number}/web0/UI/chat"
    cookies = [
        house.visitors.enter(house.visitors.ticket(account, f"{session} {number}"), secure=False) or ""
        for session in ("left", "other")
    ]
    shown = [{"Cookie": cookie.partition(";")[0]} for cookie in cookies]
    with (
        connect(url, additional_headers=shown[0], proxy=None) as left,
        connect(url, additional_headers=shown[1], proxy=None) as other,
    ):
        assert left.recv(20)
        assert other.recv(20)
        with house.database.session():
            Accounts(house.database).sign_out({f"left {number}"}, 0, until=time.time() + 60)
        until(lambda: is_over(left), "the end of the WebSocket")
        other.send("here")
        assert other.recv(20) == "here"


def test_a_websocket_closes_when_the_account_of_whoever_opened_it_is_closed(house: House, chat: int) -> None:
    house.add_user("eve", "admin")
    number = house.add(chat)
    house.ready(number)
    with open_chat(house, number, "eve") as eve, open_chat(house, number) as ada:
        assert eve.recv(20)
        assert ada.recv(20)
        house.rows("UPDATE account SET enabled = false WHERE id = %s", house.users["eve"])
        until(lambda: is_over(eve), "the end of the WebSocket")
        ada.send("here")
        assert ada.recv(20) == "here"
    house.rows("UPDATE account SET enabled = true WHERE id = %s", house.users["eve"])


def eager(made: socket.socket) -> None:
    """Says more than any buffer holds in one piece with its handshake, then passes back what it hears."""
    _, headers, rest = read_head(made)
    if "sec-websocket-key" not in headers:
        made.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        return
    accept = accept_key(headers["sec-websocket-key"]).encode()
    upgrade = b"HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept
    made.sendall(upgrade + b"\r\n\r\n" + frame(0x82, b"x" * 400_000) + frame(0x81, b"ready"))
    while len(rest) < 2 + 4 + len("at once"):  # head, mask, text
        rest += made.recv(64)
    mask, text = rest[2:6], rest[6:]
    made.sendall(frame(0x81, bytes(one ^ mask[at % 4] for at, one in enumerate(text))))
    made.recv(64)


def frame(head: int, text: bytes) -> bytes:
    return bytes([head, 127]) + len(text).to_bytes(8, "big") + text


def test_what_either_side_says_at_once_is_not_lost(house: House, serve: Callable[..., Listener]) -> None:
    number = house.add(serve(eager).port)
    house.ready(number)
    for _ in range(10):
        with open_chat(house, number, compression=None, max_size=None) as made:
            made.send("at once")
            assert [len(made.recv(20)), made.recv(20), made.recv(20)] == [400_000, "ready", "at once"]


def test_what_is_sent_counts_as_work_and_pings_do_not(house: House, chat: int) -> None:
    number = house.add(chat)
    house.ready(number)
    with open_chat(house, number) as made:
        made.recv(20)
        made.ping().wait(60)
        house.noted.clear()
        made.ping().wait(60)
        assert not house.noted

        def noted() -> bool:
            made.send("work")  # more than once: what is said just after connecting says nothing of a person
            assert made.recv(20) == "work"  # a client that does not read what comes takes ten seconds to close
            return any(number in seen for seen, kind in house.noted)

        until(noted, "the note")


def test_foreigners_and_pages_of_other_origins_get_no_websocket(house: House, chat: int) -> None:
    number = house.add(chat)
    house.ready(number)
    for who, headers, expected in (
        ("bob", {}, 404),
        ("ada", {"Origin": "http://evil.example"}, 403),
        ("ada", {"Authorization": "Bearer none"}, 401),
    ):
        with pytest.raises(InvalidStatus) as refused:
            open_chat(house, number, who, headers=headers)
        assert refused.value.response.status_code == expected


def test_either_side_may_close(house: House, chat: int) -> None:
    number = house.add(chat)
    house.ready(number)
    with open_chat(house, number) as made:
        made.recv(20)
        made.close(1001, "away")
        assert made.close_code == 1001


def test_a_service_that_wants_no_websocket_refuses_in_its_own_words(
    house: House, serve: Callable[..., Listener]
) -> None:
    def speak(made: Any) -> None:
        read_head(made)
        made.sendall(b"HTTP/1.1 403 Forbidden here\r\nContent-Length: 2\r\n\r\nno")

    number = house.add(serve(speak).port)
    house.ready(number)
    with pytest.raises(InvalidStatus) as refused:
        open_chat(house, number)
    assert refused.value.response.status_code == 403
    silent = house.add(serve(lambda made: made.close()).port)
    until(lambda: house.ask(f"/{silent}/web0/UI/").status == 502, "the route")
    with pytest.raises(InvalidStatus) as refused:
        open_chat(house, silent)
    assert refused.value.response.status_code == 502


def test_after_a_restart_of_the_gateway_a_client_connects_again_and_goes_on(house: House, chat: int) -> None:
    number = house.add(chat)
    house.ready(number)
    with open_chat(house, number) as made:
        made.recv(20)
        house.gateway.close()
        with pytest.raises(ConnectionClosed):
            made.recv(20)
    with open_house(house.database) as again:
        again.addresses.update(house.addresses)
        with open_chat(again, number) as other:
            other.recv(20)
            other.send("on")
            assert other.recv(20) == "on"
