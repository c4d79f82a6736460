"""A page of a service is fetched in bounded time and size, whatever answers there."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from zoe.plugin import Address, RunningService, SocksDoor
from zoe.plugin.fetching import MOST_BYTES

Serve = Callable[[Callable[[socket.socket], None]], RunningService]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a service of one connection that answers as a function wants."""
    listeners: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def make(answer: Callable[[socket.socket], None]) -> RunningService:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threads.append(threading.Thread(target=_answer_once, args=(listener, answer)))
        threads[-1].start()
        port = listener.getsockname()[1]
        return RunningService("page0", "page", lambda _: Address("127.0.0.1", port))

    yield make
    for listener in listeners:
        listener.close()
    for thread in threads:
        thread.join()


def _answer_once(listener: socket.socket, answer: Callable[[socket.socket], None]) -> None:
    listener.settimeout(5)
    connection, _ = listener.accept()
    with connection:
        connection.settimeout(5)
        assert connection.recv(65536).startswith(b"GET /status HTTP/1.1\r\n")
        try:
            answer(connection)
        except OSError:
            return  # the reader has had enough


def saying(content: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(content)


def for_ever(content: bytes, pause: float = 0.0) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        until = time.monotonic() + 5
        while time.monotonic() < until:
            connection.sendall(content)
            time.sleep(pause)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.0 200 OK\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n",
    ],
)
def test_a_page_is_fetched_however_its_length_is_told(serve: Serve, answer: bytes) -> None:
    assert serve(saying(answer)).fetch(80, "/status") == b"[]"


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404"),
        (b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n", "302"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "not HTTP"),
        (b"", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[]", "broke off"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (MOST_BYTES + 1), "longer than"),
    ],
)
def test_what_is_no_page_is_a_connection_error(serve: Serve, answer: bytes, told: str) -> None:
    with pytest.raises(ConnectionError, match=told):
        serve(saying(answer)).fetch(80, "/status", 5.0)


@pytest.mark.parametrize("answer", [for_ever(b"X-Drip: 1\r\n", 0.02), for_ever(b"\r\n\r\n" + b"x" * 9, 0.02)])
def test_what_drips_for_ever_is_left_at_the_deadline(serve: Serve, answer: Callable[[socket.socket], None]) -> None:
    with pytest.raises(OSError):  # noqa: PT011 - in time, or after a hundred headers
        serve(answer).fetch(80, "/status", 0.3)


def test_endless_headers_are_refused(serve: Serve) -> None:
    with pytest.raises(ConnectionError, match="not HTTP"):
        serve(for_ever(b"X-More: and more\r\n" * 50)).fetch(80, "/status", 5.0)


@pytest.mark.parametrize("path", ["", "status", "/a b", "/a\r\nX: y", "http://elsewhere/"])
def test_a_path_that_is_none_is_refused_before_anything_is_sent(serve: Serve, path: str) -> None:
    connection, other = socket.socketpair()
    with other, pytest.raises(ValueError, match="not the path"):
        RunningService("x0", "x", lambda _: Address("x", 80), lambda *_: connection).fetch(80, path)


def test_the_connection_is_opened_by_whoever_knows_the_door() -> None:
    door = Address("spark-master0", 8080, SocksDoor("127.0.0.1", 1080, "zoe", "secret"))
    asked: list[tuple[Address, float]] = []

    def connect(address: Address, timeout: float) -> socket.socket:
        asked.append((address, timeout))
        raise ConnectionRefusedError("closed")

    with pytest.raises(ConnectionRefusedError, match="closed"):
        RunningService("x0", "x", lambda _: door, connect).fetch(8080, "/json/")
    assert asked == [(door, 2.0)]
    with pytest.raises(ConnectionRefusedError, match="behind a door"):
        RunningService("x0", "x", lambda _: door).fetch(8080, "/json/")
