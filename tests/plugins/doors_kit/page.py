"""A service with a page, and a look at it through the door."""

import itertools
from pathlib import Path

from tests.acceptance.conftest import until
from zoe.gateway.dialling import connect
from zoe.plugin import Address, Backend, PortSpec, ServiceReport
from zoe.testing.service_spec import service_spec

WEB = "mkdir /tmp/www; echo hello > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www"
_numbers = itertools.count(60_000)


def web(backend: Backend, tmp_path: Path, node: str, owner: str = "ada") -> ServiceReport:
    """Start it."""
    ports = [PortSpec("web", 8080)]
    spec = service_spec(backend, tmp_path / "workspace", next(_numbers), WEB, owner=owner, ports=ports)
    return backend.start(spec, node)


def page(address: Address, seconds: float = 5.0) -> bytes:
    """Ask for it, once."""
    with connect(address, seconds) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        return b"".join(iter(lambda: connection.recv(4096), b""))


def shows(address: Address, words: bytes = b"hello", seconds: float = 5.0) -> bool:
    """Tell whether it is there."""
    try:
        return words in page(address, seconds)
    except OSError:
        return False


def way(backend: Backend, report: ServiceReport) -> Address:
    """Return how it is reached, as soon as it is: a door that was started again listens on another port."""

    def look() -> Address | None:
        address = backend.address(report.handle, 8080)
        return address if shows(address) else None

    return until(look, "the page")
