"""Several ports: of one service, of two executions with the same names, and what is asked of each comes from there."""

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.integration.gateway.conftest import House, until
from tests.integration.gateway.speakers import Listener, echo
from zoe.tunnel import Way

Serve = Callable[[Callable[[socket.socket], None]], Listener]


def second(serve: Serve, mark: str, template: str = "http://{ip_port}/") -> dict[str, Any]:
    """A second port of a service, whose answers bear a mark."""
    port = {"name": "History page", "port_number": 81, "protocol": "tcp", "url_template": template}
    return port | {"dialled": serve(echo(f"X-Mark: {mark}")).port}


def test_the_ports_of_two_executions_never_mix(house: House, serve: Serve) -> None:
    numbers = [
        house.add(serve(echo(f"X-Mark: {name} first")).port, ports=[second(serve, f"{name} second")])
        for name in ("one", "two")
    ]
    expected = {
        f"/{number}/web0/{port}/at/{mark}": f"{name} {mark}"
        for number, name in zip(numbers, ("one", "two"), strict=True)
        for port, mark in (("UI", "first"), ("History%20page", "second"))
    }

    def mark(path: str) -> str | None:
        return house.ask(path).headers["X-Mark"]

    for number in numbers:
        house.ready(number)
    for path, marked in expected.items():
        until(lambda path=path, marked=marked: mark(path) == marked, "the route")  # type: ignore[misc]
    asked = list(expected) * 25
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(mark, asked)) == [expected[path] for path in asked]


def test_each_port_gets_paths_and_prefix_of_its_own(house: House, serve: Serve) -> None:
    number = house.add(serve(echo()).port, ports=[second(serve, "x", "http://{ip_port}{proxy_path}/")])
    house.ready(number)
    own = house.ask(f"/{number}/web0/UI/a").json
    assert (own["first"], own["headers"]["x-forwarded-prefix"]) == ("GET /a HTTP/1.1", f"/{number}/web0/UI")
    other = house.ask(f"/{number}/web0/History%20page/a").json
    assert other["first"] == f"GET /{number}/web0/History%20page/a HTTP/1.1"
    assert house.ask(f"/{number}/web0/History/a").status == 404
    assert house.ask(f"/{number}/web0/81/a").status == 404


def test_a_port_that_is_for_programs_is_reached_raw(house: House, serve: Serve) -> None:
    number = house.add(serve(echo()).port, ports=[second(serve, "raw", "spark://{ip_port}")])
    house.ready(number)
    with Way(f"http://127.0.0.1:{house.port}", house.tokens["ada"], number).open("web0", 81) as made:
        made.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"X-Mark: raw" in made.recv(20, decode=False)
