"""WebSockets: after the handshake the bytes of both sides go through as they are, pings and extensions with them."""

import asyncio
import re
from collections.abc import Callable, Iterable

from aiohttp import web
from multidict import CIMultiDict

from zoe.gateway.forward import NotHttpError, path_for
from zoe.gateway.frames import Talk
from zoe.gateway.headers import Headers, to_browser
from zoe.gateway.splice import Side
from zoe.gateway.table import Target
from zoe.gateway.upstream import Dialler, NobodyAnswersError

_LONGEST_HEAD = 65_536
_HANDSHAKE = 60.0
"""Seconds that a service may take to answer the handshake."""
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: ([^\r\n]*))?\r\n")
_SWITCHING = 101


def is_websocket(request: web.BaseRequest) -> bool:
    """Tell whether a browser wants to open a WebSocket."""
    return request.method == "GET" and request.headers.get("Upgrade", "").lower() == "websocket"


class _Handshaking(Side):
    """The service's side: reads the head of the answer, then passes on what comes."""

    def __init__(self) -> None:
        super().__init__()
        self.head: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.rest = b""
        self._read = b""

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            super().data_received(data)
        elif self.head.done():
            self.rest += data
            if self.transport is not None and len(self.rest) > _LONGEST_HEAD:
                self.transport.pause_reading()
        else:
            self._read_head(data)

    def _read_head(self, data: bytes) -> None:
        self._read += data
        head, end, rest = self._read.partition(b"\r\n\r\n")
        if end:
            self.head.set_result(head + end)
            self.rest, self._read = rest, b""
        elif len(self._read) > _LONGEST_HEAD:
            self.head.set_exception(NotHttpError("Its answer's headers have no end."))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.head.done():
            self.head.set_exception(NotHttpError("It closed the connection at once."))
        super().connection_lost(exc)


class _Switched(web.StreamResponse):
    """Stands for the answer that has been given already."""

    async def prepare(self, request: web.BaseRequest) -> None:  # noqa: ARG002 - the library's form
        self.force_close()

    async def write_eof(self, data: bytes = b"") -> None:
        pass


async def open_socket(  # noqa: PLR0913, PLR0917 - what makes a request
    request: web.BaseRequest,
    target: Target,
    rest: str,
    neighbours: Iterable[Target],
    dialler: Dialler,
    headers: Headers,
    active: Callable[[], None],
) -> web.StreamResponse:
    """Open a WebSocket of a service for a browser and stay until either side closes; `active`: data came from there.

    Raises:
        NobodyAnswersError: there is no connection to the service.
        NotHttpError: it does not speak HTTP.

    """
    service = await _connect(target, dialler)
    try:
        service.transport.write(_head(request, path_for(request.raw_path, rest, target), headers))  # type: ignore[union-attr]
        async with asyncio.timeout(_HANDSHAKE):
            head = await service.head
        code, reason, answered = _parsed(head)
        kept = to_browser(answered, target, neighbours, headers.get("Host", ""))
        if code != _SWITCHING:
            # Browsers show scripts nothing of such an answer but that there was no WebSocket.
            kept.popall("Content-Length", None)
            return web.Response(status=code if code >= 200 else 502, reason=reason, headers=kept)
        return await _join(request, service, kept, active)
    except TimeoutError as error:
        raise NotHttpError("It did not answer in time.") from error
    finally:
        service.close()


async def _connect(target: Target, dialler: Dialler) -> _Handshaking:
    made = await dialler.dial(target.service.handle or "", target.port.number)
    tls = dialler.tls(target)
    try:
        _, service = await asyncio.get_running_loop().create_connection(
            _Handshaking, sock=made, ssl=tls, server_hostname="service" if tls else None
        )
    except OSError as error:
        made.close()
        raise NobodyAnswersError(str(error)) from error
    return service


def _head(request: web.BaseRequest, path: str, headers: Headers) -> bytes:
    lines = [f"{request.method} {path} HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket"]
    lines += [f"{name}: {text}" for name, text in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape")


def _parsed(head: bytes) -> tuple[int, str, Headers]:
    status = _STATUS.match(head)
    if status is None:
        raise NotHttpError("What it answers is no HTTP.")
    headers: Headers = CIMultiDict()
    for line in head[status.end() :].decode("utf-8", "surrogateescape").split("\r\n"):
        name, colon, text = line.partition(":")
        if colon and name and not name[0].isspace() and "\n" not in line and "\r" not in line:
            headers.add(name.strip(), text.strip())
    return int(status[1]), (status[2] or b"").decode("latin-1"), headers


async def _join(
    request: web.BaseRequest, service: _Handshaking, kept: Headers, active: Callable[[], None]
) -> web.StreamResponse:
    talk, transport, before = Talk(asyncio.get_running_loop().time), request.transport, request.protocol
    if transport is None or request.protocol is None:
        return _Switched()  # the browser has gone
    browser = Side(lambda piece: active() if talk.is_work(piece) else None)
    browser.connection_made(transport)
    transport.set_protocol(browser)
    lines = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket"]
    lines += [f"{name}: {text}" for name, text in kept.items()]
    transport.write("\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + service.rest)
    service.rest = b""
    browser.join(service)
    try:
        await asyncio.wait((browser.done, service.done), return_when=asyncio.FIRST_COMPLETED)
    finally:
        browser.close()
        # The server still has it among its own.
        before.connection_lost(None)
    return _Switched()
