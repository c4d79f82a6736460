"""What is large goes through no faster than it is taken, and is held nowhere: not in memory, not on disk."""

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from websockets.utils import accept_key

from tests.integration.gateway.conftest import House, open_house, until
from tests.integration.gateway.speakers import Listener, read_head
from zoe.state.database import Database
from zoe.tunnel import Way

Serve = Callable[[Callable[[socket.socket], None]], Listener]
MOST_HELD = 64 << 20
"""Bytes: what sockets of the kernel hold, and some."""
PIECE = bytes(1 << 20)


def nginx_processes() -> list[psutil.Process]:
    return [one for one in psutil.Process().children(recursive=True) if "nginx" in one.name()]


def resident() -> int:
    """Bytes that the gateway, its nginx and this test hold in memory."""
    return sum(one.memory_info().rss for one in [psutil.Process(), *nginx_processes()])


def on_disk() -> list[str]:
    """What nginx has put into files of its own, open ones that have no name any more included."""
    opened = [file for one in nginx_processes() for file in Path(f"/proc/{one.pid}/fd").iterdir()]
    named = [str(file.readlink()) for file in opened if file.is_symlink()]
    return [name for name in named if "/body/" in name or "/proxy/" in name]


class Source:
    """A service that sends `total` bytes as soon as it is asked, in whatever way; `sent` tells how far it is."""

    def __init__(self, total: int) -> None:
        self.total, self.sent = total, 0

    def __call__(self, made: socket.socket) -> None:
        first, headers, _ = read_head(made)
        if "ready" in first:
            made.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            return
        made.sendall(self._begin(headers))
        for _ in range(self.total // len(PIECE)):
            made.sendall(PIECE)
            self.sent += len(PIECE)

    def _begin(self, headers: dict[str, str]) -> bytes:
        if "sec-websocket-key" not in headers:
            return f"HTTP/1.1 200 OK\r\nContent-Length: {self.total}\r\n\r\n".encode()
        accept = accept_key(headers["sec-websocket-key"])
        upgrade = "HTTP/1.1 101 Go\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        return f"{upgrade}{accept}\r\n\r\n".encode() + b"\x82\x7f" + self.total.to_bytes(8, "big")

    def settled(self) -> int:
        """Wait until it can send no more; return how much that was."""
        before = -1

        def look() -> bool:
            nonlocal before
            same, before = 0 < self.sent == before, self.sent
            threading.Event().wait(0.2)
            return same

        until(look, "the end of sending")
        return self.sent


SOCKET = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"


@pytest.mark.parametrize("kind", ["page", "websocket"])
def test_who_reads_slowly_slows_the_service_down_and_fills_no_memory(house: House, serve: Serve, kind: str) -> None:
    source = Source(256 << 20)
    number = house.add(serve(source).port)
    house.ready(number)
    before = resident()
    known = "".join(f"{name}: {text}\r\n" for name, text in house._known("ada", str(number)).items())
    more = SOCKET.format(key="AAAAAAAAAAAAAAAAAAAAAA==") if kind == "websocket" else ""
    with socket.create_connection(("127.0.0.1", house.port), timeout=60) as browser:
        browser.sendall(f"GET /{number}/web0/UI/all HTTP/1.1\r\nHost: x\r\n{known}{more}\r\n".encode())
        got = len(browser.recv(1000))
        assert 0 < source.settled() < MOST_HELD
        assert resident() - before < MOST_HELD
        buffer = bytearray(1 << 20)
        while got < source.total:
            taken = browser.recv_into(buffer)
            assert taken, got
            got += taken
    assert resident() - before < MOST_HELD


def test_a_raw_connection_is_slowed_down_too(house: House, serve: Serve) -> None:
    source = Source(128 << 20)
    number = house.add(serve(source).port)
    house.ready(number)
    before = resident()
    with Way(f"http://127.0.0.1:{house.port}", house.tokens["ada"], number).open("web0", 80) as made:
        made.send(b"GET /all HTTP/1.1\r\nHost: x\r\n\r\n")
        assert 0 < source.settled() < MOST_HELD
        assert resident() - before < MOST_HELD
        got = 0
        while got < source.total:
            got += len(made.recv(20))


@pytest.mark.slow
def test_an_upload_of_a_gibibyte_goes_straight_through_nginx(database: Database, serve: Serve) -> None:
    total, go_on, taken = 1 << 30, threading.Event(), []

    def slow(made: socket.socket) -> None:
        first, headers, rest = read_head(made)
        if "upload" in first:
            go_on.wait(60)
            left, buffer = int(headers["content-length"]) - len(rest), bytearray(1 << 20)
            while left:
                left -= made.recv_into(buffer, min(left, len(buffer)))
            taken.append(headers)
        made.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    with open_house(database, "auto") as house:
        number = house.add(serve(slow).port)
        house.ready(number)
        asked, before = house.gateway.requests, resident()
        with socket.create_connection(("127.0.0.1", house.port), timeout=0.5) as browser:
            known = "".join(f"{name}: {text}\r\n" for name, text in house._known("ada", str(number)).items())
            head = f"POST /{number}/web0/UI/upload HTTP/1.1\r\nHost: x\r\n{known}Content-Length: {total}\r\n\r\n"
            browser.sendall(head.encode())
            sent = 0
            try:
                while sent < total:
                    sent += browser.send(PIECE)
            except TimeoutError:
                assert sent < MOST_HELD
            assert (on_disk(), resident() - before < MOST_HELD) == ([], True)
            go_on.set()
            browser.settimeout(60)
            while sent < total:
                sent += browser.send(PIECE[: total - sent])
            assert browser.recv(100).startswith(b"HTTP/1.1 200 OK")
        assert (on_disk(), resident() - before < MOST_HELD) == ([], True)
        assert "cookie" not in taken[0]
        assert house.gateway.requests == asked
