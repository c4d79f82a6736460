"""Clients that read slowly, hang up or only hold on: the others are answered, and what they held comes back."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.acceptance.conftest import Zoe, until
from tests.acceptance.faults.kit import client, entry, run, tiny_disk

if TYPE_CHECKING:
    from pathlib import Path

Connect = Callable[[Zoe, str], socket.socket]
MANY = 50


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Opens a connection of its own, sends it a request and leaves it there."""
    with ExitStack() as stack:

        def start(zoe: Zoe, request: str) -> socket.socket:
            url = client(zoe).base_url
            connection = stack.enter_context(socket.create_connection((url.host, url.port), timeout=60))
            connection.sendall(request.encode())
            return connection

        yield start


def _request(zoe: Zoe, path: str) -> str:
    return f"GET /api/0.7{path} HTTP/1.1\r\nHost: zoe\r\nAuthorization: {client(zoe).headers['Authorization']}\r\n\r\n"


def _is_answered(zoe: Zoe) -> bool:
    with httpx.Client(base_url=client(zoe).base_url, headers=client(zoe).headers, timeout=20) as fresh:
        return fresh.get("/execution?limit=1").status_code == 200


def _follow(zoe: Zoe, service: int) -> int:
    with client(zoe).stream("GET", f"/service/logs/{service}") as stream:
        return stream.status_code


def test_fifty_followers_at_once_keep_nobody_else_from_the_api(shared: Zoe, connect: Connect) -> None:
    execution = run(shared, entry("silent", "echo ready; sleep 600"))
    service = shared.wait_for(execution, "running")["services"][0]
    followers = [connect(shared, _request(shared, f"/service/logs/{service}")) for _ in range(MANY)]
    codes = {int(follower.recv(12)[9:]) for follower in followers}
    assert codes == {200, 503}
    assert _is_answered(shared)


def test_followers_of_a_silent_log_that_hang_up_give_their_places_back(shared: Zoe, connect: Connect) -> None:
    execution = run(shared, entry("silent", "echo ready; sleep 600"))
    service = shared.wait_for(execution, "running")["services"][0]
    followers = [connect(shared, _request(shared, f"/service/logs/{service}")) for _ in range(MANY)]
    for follower in followers:
        follower.recv(12)
        follower.close()
    until(lambda: _follow(shared, service) == 200, "a place for another follower")


def test_readers_who_stop_reading_a_long_log_keep_nobody_else_from_the_api(shared: Zoe, connect: Connect) -> None:
    execution = run(shared, entry("loud", "yes 0123456789 | head -c 20000000"))
    assert shared.wait_for(execution, "terminated", "error")["status"] == "terminated"
    service = shared.get(f"/execution/{execution}")["services"][0]
    for _ in range(MANY):
        connect(shared, _request(shared, f"/service/logs/{service}")).recv(12)
    assert _is_answered(shared)


def test_connections_that_say_nothing_shut_nobody_out(shared: Zoe, connect: Connect) -> None:
    for _ in range(4 * MANY):
        connect(shared, "GET /api/0.7/inf")
    assert _is_answered(shared)


def test_slow_submissions_hold_up_no_quick_ones(shared: Zoe, connect: Connect) -> None:
    head = _request(shared, "/execution").replace("GET", "POST").removesuffix("\r\n")
    for _ in range(MANY):
        connect(shared, f'{head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{"application"')
    assert _is_answered(shared)
    execution = run(shared, entry("quick", "true"))
    assert shared.wait_for(execution, "terminated", "error")["status"] == "terminated"


def test_with_a_full_tmp_the_api_answers_and_executions_run(
    make_zoe: Callable[..., Zoe], data_dir: "Path", connect: Connect
) -> None:
    with tiny_disk(data_dir / "tmp", 1 << 16) as tmp:
        (tmp / "full").write_bytes(bytes((1 << 16) - 4096))
        zoe = make_zoe(data_dir, {"TMPDIR": str(tmp)})
        zoe.lift_quota()
        execution = run(zoe, entry("loud", "yes 0123456789 | head -c 5000000"))
        assert zoe.wait_for(execution, "terminated", "error")["status"] == "terminated"
        service = zoe.get(f"/execution/{execution}")["services"][0]
        connect(zoe, _request(zoe, f"/service/logs/{service}")).recv(12)  # and reads no further
        with pytest.raises(httpx.TransportError):
            client(zoe).put("/workspace/big.txt", content=bytes(1 << 20))
        assert _is_answered(zoe)


def _to_its_end(stream: socket.socket) -> bytes:
    told = b""
    while not told.endswith(b"0\r\n\r\n"):
        piece = stream.recv(4096)
        assert piece, told
        told += piece
    return told


def test_who_follows_a_service_that_has_not_started_sees_its_log_from_the_first_line(
    shared: Zoe, connect: Connect
) -> None:
    blocking = run(shared, entry("blocking", "sleep 600", cores=16))
    shared.wait_for(blocking, "running")
    waiting = run(shared, entry("waiting", "echo first; sleep 0.2; echo last", cores=16))
    follower = connect(shared, _request(shared, f"/service/logs/{shared.get(f'/execution/{waiting}')['services'][0]}"))
    shared.stop_execution(blocking)
    told = _to_its_end(follower)
    assert b" first\n" in told
    assert b" last\n" in told


def test_who_follows_a_service_that_never_starts_hears_the_end(shared: Zoe, connect: Connect) -> None:
    blocking = run(shared, entry("blocking", "sleep 600", cores=16))
    shared.wait_for(blocking, "running")
    waiting = run(shared, entry("waiting", "true", cores=16))
    follower = connect(shared, _request(shared, f"/service/logs/{shared.get(f'/execution/{waiting}')['services'][0]}"))
    shared.stop_execution(waiting)
    assert b"200 OK" in _to_its_end(follower)
