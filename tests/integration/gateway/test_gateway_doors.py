"""Services behind a SOCKS door, as on a Swarm or an engine elsewhere: a real one, which asks for name and password."""

import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.sync.server import ServerConnection
from websockets.sync.server import serve as serve_sockets

from tests.integration.gateway.conftest import House, until
from tests.integration.gateway.speakers import Listener, echo
from zoe.plugin import Address, SocksDoor
from zoe.tunnel import Way

Serve = Callable[[Callable[[socket.socket], None]], Listener]
MICROSOCKS = shutil.which("microsocks")

pytestmark = pytest.mark.skipif(MICROSOCKS is None, reason="microsocks is missing: tests/prepare.sh installs it")


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def door() -> Iterator[SocksDoor]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [str(MICROSOCKS), "-i", "127.0.0.1", "-p", str(port), "-u", "zoe", "-P", "of this door"]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        until(lambda: answers(port), "the door")
        yield SocksDoor("127.0.0.1", port, "zoe", "of this door")
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def chat() -> Iterator[int]:
    """A WebSocket server that echoes, and closes with the code that it is told to; it keeps those it is told."""

    def speak(made: ServerConnection) -> None:
        for message in made:
            if isinstance(message, str) and message.startswith("close "):
                made.close(int(message.removeprefix("close ")), "as told")
            else:
                made.send(message)

    with serve_sockets(speak, "127.0.0.1", 0, max_size=None, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.socket.getsockname()[1]
        server.shutdown()
        thread.join()


def behind(house: House, door: SocksDoor, port: int, **more: Any) -> int:
    """Make an execution whose service is reached through the door only."""
    number = house.add(port, **more)
    house.addresses[f"h{number}", 80] = Address("127.0.0.1", port, door)
    return number


def opened(house: House, number: int) -> Any:
    headers = {"Authorization": f"Bearer {house.tokens['ada']}"}
    url = f"ws://127.0.0.1:{house.port}/{number}/web0/UI/chat"
    return connect(url, additional_headers=headers, proxy=None, max_size=None, compression=None)


def attempted(house: House, number: int) -> Any:
    try:
        return opened(house, number)
    except InvalidStatus:
        return None  # the gateway has not heard of it yet


def test_a_websocket_goes_through_a_door_with_all_it_says(house: House, door: SocksDoor, chat: int) -> None:
    number = behind(house, door, chat)
    with until(lambda: attempted(house, number), "the route") as made:
        for message in ("text", "größer ✓", b"\x00\xff" * 3, "", b"", "x" * 1_000_000, bytes(range(256)) * 8_000):
            made.send(message)
            assert made.recv(20) == message
        assert made.ping().wait(60)


def test_close_codes_go_through_a_door_both_ways(house: House, door: SocksDoor, serve: Serve, chat: int) -> None:
    number = behind(house, door, chat)
    with until(lambda: attempted(house, number), "the route") as made:
        made.send("close 4321")
        with pytest.raises(ConnectionClosed):
            made.recv(20)
        assert (made.close_code, made.close_reason) == (4321, "as told")
    with opened(house, number) as made:
        made.close(3456, "of my own")
        assert made.close_code == 3456


def test_pages_and_raw_connections_go_through_a_door(house: House, door: SocksDoor, serve: Serve) -> None:
    number = behind(house, door, serve(echo()).port)
    until(lambda: house.ask(f"/{number}/web0/UI/").status == 200, "the page")
    assert house.ask(f"/{number}/web0/UI/x", method="PUT", body=b"y").json["first"] == "PUT /x HTTP/1.1"
    with Way(f"http://127.0.0.1:{house.port}", house.tokens["ada"], number).open("web0", 80) as made:
        made.send(b"GET /raw HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"GET /raw" in made.recv(20, decode=False)


def test_a_door_that_does_not_let_zoe_in_or_leads_to_nobody_is_told_as_no_answer(
    house: House, door: SocksDoor, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        wrong = behind(house, replace(door, password="of another door"), serve(echo()).port)
        closed = behind(house, door, nobody.getsockname()[1])
        gone = behind(house, replace(door, port=1), serve(echo()).port)
        for number in (wrong, closed, gone):
            # Not a GET, which would be held for a second.
            asked = partial(house.ask, f"/{number}/web0/UI/", method="POST")
            until(lambda asked=asked: b"getting ready" in asked().body, "words")  # type: ignore[misc]
            with pytest.raises(InvalidStatus) as refused:
                opened(house, number)
            assert refused.value.response.status_code in {502, 503}
    assert "of another door" not in caplog.text
