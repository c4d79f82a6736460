"""`zoe proxy`: raw connections through the gateway, with a token."""

import gc
import logging
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256

import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.gateway.conftest import House, until
from tests.integration.gateway.speakers import Listener
from zoe.errors import NotFoundError, NotSignedInError, ZoeError
from zoe.tunnel import Forward, TunnelFailedError, Way, as_socks, to_one_port

Serve = Callable[[Callable[[socket.socket], None]], Listener]


def shout(made: socket.socket) -> None:
    """Speaks first, as ssh does, then answers in capitals; says goodbye when nothing more comes."""
    made.sendall(b"hello\n")
    while piece := made.recv(65536):
        made.sendall(piece.upper())


@pytest.fixture
def way(house: House, serve: Serve) -> Way:
    number = house.add(serve(shout).port, template="ssh://{ip_port}")
    way = Way(f"http://127.0.0.1:{house.port}", house.tokens["ada"], number)
    until(lambda: _opens(way), "the route")
    return way


def _opens(way: Way) -> bool:
    try:
        way.open("web0", 80).close()
    except NotFoundError:
        return False
    return True


def run(forward: Forward) -> Forward:
    threading.Thread(target=forward.run, daemon=True).start()
    return forward


def test_a_local_port_leads_to_a_port_of_a_service(house: House, way: Way) -> None:
    forward = run(Forward(("127.0.0.1", 0), to_one_port(way, "web0", 80), print))
    with socket.create_connection(("127.0.0.1", forward.port), timeout=60) as made:
        assert made.recv(6) == b"hello\n"
        made.sendall(b"x" * 1_000_000)
        got = 0
        while got < 1_000_000:
            got += len(made.recv(65536))
    forward.close()


def counts(made: socket.socket) -> None:
    """Answers when it has heard all, as what reads to the end of a file does."""
    total = 0
    while piece := made.recv(65536):
        total += len(piece)
    made.sendall(f"{total} bytes".encode())


def test_who_says_that_nothing_more_comes_still_gets_the_answer(house: House, serve: Serve) -> None:
    number = house.add(serve(counts).port)
    way = Way(f"http://127.0.0.1:{house.port}", house.tokens["ada"], number)
    until(lambda: _opens(way), "the route")
    forward = run(Forward(("127.0.0.1", 0), to_one_port(way, "web0", 80), print))
    with socket.create_connection(("127.0.0.1", forward.port), timeout=60) as made:
        made.sendall(b"x" * 1_000_000)
        made.shutdown(socket.SHUT_WR)
        assert b"".join(iter(lambda: made.recv(100), b"")) == b"1000000 bytes"
    forward.close()


def test_what_comes_after_the_end_and_a_service_that_breaks_off_do_the_gateway_no_harm(
    house: House, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks_off(made: socket.socket) -> None:
        made.sendall(b"hello\n")
        if made.recv(10) != b"":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        made.sendall(b"bye")

    number = house.add(serve(breaks_off).port)
    way = Way(f"http://127.0.0.1:{house.port}", house.tokens["ada"], number)
    until(lambda: _opens(way), "the route")
    for sent, answer in (([b"x"], b""), ([b"", b"more", b""], b"bye"), ([b"x", b"", b"more"], b"")):
        with way.open("web0", 80) as made:
            assert made.recv(20) == b"hello\n"
            with suppress(ConnectionClosed):
                for piece in sent:
                    made.send(piece)
            assert b"".join(piece for piece in made if isinstance(piece, bytes)) == answer
    house.gateway.close()
    gc.collect()
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("abruptly", [False, True])
def test_who_leaves_is_known_to_have_left(house: House, serve: Serve, abruptly: bool) -> None:
    left = threading.Event()

    def speak(made: socket.socket) -> None:
        try:
            shout(made)
        finally:
            left.set()

    number = house.add(serve(speak).port)
    way = Way(f"http://127.0.0.1:{house.port}", house.tokens["ada"], number)
    until(lambda: _opens(way), "the route")
    assert left.wait(60)  # who only looked whether there is a way
    left.clear()
    forward = run(Forward(("127.0.0.1", 0), to_one_port(way, "web0", 80), print))
    with socket.create_connection(("127.0.0.1", forward.port), timeout=60) as made:
        assert made.recv(6) == b"hello\n"
        if abruptly:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert left.wait(60)
    forward.close()


def test_a_connection_ends_when_its_token_is_revoked(house: House, way: Way) -> None:
    digest = sha256(b"short").hexdigest()
    account = house.users["ada"]
    house.rows("INSERT INTO token (user_id, name, digest, created) VALUES (%s, 'short', %s, 0)", account, digest)
    with Way(way.gateway, "short", way.execution).open("web0", 80) as short, way.open("web0", 80) as other:
        assert short.recv(20) == other.recv(20) == b"hello\n"
        house.rows("DELETE FROM token WHERE digest = %s", digest)
        with pytest.raises(ConnectionClosed):
            short.recv(20)
        other.send(b"here")
        assert other.recv(20) == b"HERE"


def test_an_attached_proxy_counts_as_work_while_it_is_silent(house: House, way: Way) -> None:
    with way.open("web0", 80) as made:
        assert made.recv(20) == b"hello\n"
        house.noted.clear()
        until(lambda: any(way.execution in seen and kind == "proxy" for seen, kind in house.noted), "the note")
    until(lambda: not _noted_soon(house), "the end of the notes")


def _noted_soon(house: House) -> bool:
    house.noted.clear()
    threading.Event().wait(0.5)
    return any(kind == "proxy" for _, kind in house.noted)


def test_a_socks_proxy_knows_services_by_name(house: House, way: Way) -> None:
    said: list[str] = []
    forward = run(Forward(("127.0.0.1", 0), as_socks(way, {"web0-dns": "web0"}), said.append))
    for host, code in ((b"web0-dns", 0), (b"elsewhere", 4)):
        with socket.create_connection(("127.0.0.1", forward.port), timeout=60) as made:
            made.sendall(b"\x05\x01\x00")
            assert made.recv(2) == b"\x05\x00"
            made.sendall(b"\x05\x01\x00\x03" + bytes([len(host)]) + host + (80).to_bytes(2, "big"))
            assert made.recv(10)[1] == code
            assert code or made.recv(6) == b"hello\n"
    until(lambda: said == ["elsewhere is no service of this execution."], "the sentence")
    forward.close()


def test_only_one_s_own_services_are_reached_and_only_with_a_token(house: House, way: Way) -> None:
    for token, error in ((house.tokens["bob"], NotFoundError), ("wrong", NotSignedInError)):
        with pytest.raises(error):
            Way(way.gateway, token, way.execution).open("web0", 80)
    for service, port in (("none0", 80), ("web0", 0), ("web0", 70000)):
        with pytest.raises(NotFoundError):
            way.open(service, port)
    with pytest.raises(TunnelFailedError):
        way.open("web0", 81)
    assert issubclass(TunnelFailedError, ZoeError)
    path = f"/_zoe/proxy/{way.execution}/web0/80"
    assert house.ask(path, who=None, headers={"Cookie": house.session("ada")}).status == 401
