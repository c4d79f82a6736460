"""Fetching a page of a service: one GET over a connection that somebody else opened, bounded in time and size."""

import io
import re
import socket
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse
from typing import cast

from zoe.plugin.backend import Address

MOST_BYTES = 4 << 20
_PATH = re.compile(r"/[\x21-\x7e]*")


def dial_directly(address: Address, timeout: float) -> socket.socket:
    """Connect to an address that needs no door, within `timeout` seconds; raises `OSError`."""
    if address.door is not None:
        raise ConnectionRefusedError(f"{address.host}:{address.port} is behind a door, and nobody said how to pass it")
    return socket.create_connection((address.host, address.port), timeout)


def get(connection: socket.socket, address: Address, path: str, deadline: float) -> bytes:
    """Ask for `path` and return the body, read to its end before `deadline` (of the monotonic clock).

    Raises:
        OSError: no answer in time (TimeoutError), none that is HTTP, none with status 200, or one too long.
        ValueError: `path` does not begin with a slash, or holds a space or something that is not ASCII.

    """
    if not _PATH.fullmatch(path):
        raise ValueError(f"{path!a} is not the path of a page")
    source = _UntilDeadline(connection, deadline)
    request = HTTPConnection(address.host, address.port)
    request.sock = connection
    try:
        request.request("GET", path, headers={"Connection": "close"})
        # The library reads whatever has the method `makefile`; a time-out of each read alone would have no end.
        with HTTPResponse(cast("socket.socket", source), method="GET") as answer:
            return _body(answer)
    except HTTPException as error:
        raise ConnectionError(f"what answers at port {address.port} is not HTTP: {error!r}") from error


def _body(answer: HTTPResponse) -> bytes:
    answer.begin()
    if answer.status != 200:
        raise ConnectionError(f"the page was answered with HTTP status {answer.status}")
    body = answer.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise ConnectionError(f"the page is longer than {MOST_BYTES} bytes")
    if answer.length:
        raise ConnectionError("the page broke off")
    return body


class _UntilDeadline(io.RawIOBase):
    """What a socket receives, until the time is over."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection, self._deadline = connection, deadline

    def makefile(self, *_: object) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # what a buffered reader passes
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the page did not come in time")
        self._connection.settimeout(left)
        return self._connection.recv_into(buffer)
