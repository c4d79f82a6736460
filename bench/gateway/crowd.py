"""Many connections at a time: silent WebSockets, and followers of changes."""

import multiprocessing
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event
from urllib.parse import urlsplit

from bench.connection import order, zapp
from bench.gateway.site import Site
from bench.report import percentile
from bench.served import Served

_SETTLE = 2.0


@contextmanager
def connections(netloc: str, head: str, count: int, expected: bytes) -> Iterator[list[socket.socket]]:
    """Hold so many connections open, each of which has sent this head and got that answer."""
    host, port = netloc.rsplit(":", 1)
    made: list[socket.socket] = []
    try:
        for _ in range(count):
            one = socket.create_connection((host, int(port)), timeout=30)
            made.append(one)
            one.sendall(head.encode())
            if not one.recv(4096).startswith(expected):
                raise SystemExit(f"the gateway does not let {count} in")
        yield made
    finally:
        for one in made:
            one.close()


def mb_of_websockets(site: Site, count: int) -> float:
    """Return how many MB more Zoe, with its nginx, holds with so many silent WebSockets."""
    parts = urlsplit(site.url)
    lines = [f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}", "Connection: Upgrade", "Upgrade: websocket"]
    lines += ["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
    lines += [f"Cookie: {site.headers['Cookie']}", "", ""]
    time.sleep(_SETTLE)
    before = _resident(site.served)
    with connections(parts.netloc, "\r\n".join(lines), count, b"HTTP/1.1 101"):
        time.sleep(_SETTLE)
        return (_resident(site.served) - before) / 1e6


def _resident(served: Served) -> int:
    own = [served.process, *served.process.children(recursive=True)]
    return sum(one.memory_full_info().uss for one in own if one.pid == served.process.pid or one.name() == "nginx")


def p99_of_info(served: Served, seconds: float) -> float:
    """Return the p99 of GET /info in milliseconds while executions come and go."""
    connection, took = served.connect(), []
    stopping = threading.Event()
    busy = threading.Thread(target=_come_and_go, args=(served, stopping))
    busy.start()
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.perf_counter()
        connection.get("/info")
        took.append((time.perf_counter() - began) * 1e3)
        time.sleep(0.002)
    stopping.set()
    busy.join()
    return percentile(took, 99)


def _come_and_go(served: Served, stopping: threading.Event) -> None:
    connection = served.connect()
    while not stopping.wait(0.1):
        connection.submit(order(zapp("true")))


@contextmanager
def followers(served: Served, gateway: str, count: int) -> Iterator[None]:
    """Hold so many followers of changes, each of which reads what it is told.

    They are in a process of their own, as they would be: who measures is not to wait for them.
    """
    spawning = multiprocessing.get_context("spawn")
    ready, ending = spawning.Event(), spawning.Event()
    crowd = spawning.Process(target=_follow, args=(gateway, served.token, count, ready, ending), daemon=True)
    crowd.start()
    try:
        while not ready.wait(0.1):
            if not crowd.is_alive():
                raise SystemExit(f"the gateway does not let {count} followers in")
        yield
    finally:
        ending.set()
        crowd.join()


def _follow(gateway: str, token: str, count: int, ready: Event, ending: Event) -> None:
    netloc = urlsplit(gateway).netloc
    head = f"GET /_zoe/events HTTP/1.1\r\nHost: {netloc}\r\nAuthorization: Bearer {token}\r\n\r\n"
    with connections(netloc, head, count, b"HTTP/1.1 200") as made:
        ready.set()
        _read(made, ending)


def _read(made: list[socket.socket], ending: Event) -> None:
    waiting = select.epoll()
    by_number = {one.fileno(): one for one in made}
    for number in by_number:
        waiting.register(number, select.EPOLLIN)
    while not ending.is_set():
        for number, _ in waiting.poll(0.2):
            if not by_number[number].recv(1 << 16):
                waiting.unregister(number)
    waiting.close()
