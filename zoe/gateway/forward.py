"""One request to a service and its answer, both streamed: neither body is ever held as a whole."""

import logging
from collections.abc import AsyncIterator, Iterable

import aiohttp
from aiohttp import web

from zoe.gateway.headers import Headers, to_browser
from zoe.gateway.table import Target
from zoe.gateway.upstream import Upstream

log = logging.getLogger(__name__)
_SMALL = 1 << 16
"""Bytes of an answer that go out with its head, in one piece."""
_BODILESS = frozenset({204, 304})


class NotHttpError(Exception):
    """What the service answered cannot be read, or was nothing."""


async def forward(  # noqa: PLR0913, PLR0917 - what makes a request
    request: web.BaseRequest,
    target: Target,
    rest: str,
    neighbours: Iterable[Target],
    upstream: Upstream,
    headers: Headers,
    granted: Headers,
) -> web.StreamResponse:
    """Send a request on and return the answer, with `granted` added; it is written already unless it is small.

    Raises:
        NobodyAnswersError: there is no connection to the service.
        NotHttpError: it does not speak HTTP.

    """
    body = _body(request) if request.body_exists else None
    if body is not None and request.content_length is not None:
        headers["Content-Length"] = str(request.content_length)
    try:
        answer = await upstream.send(target, request.method, path_for(request.raw_path, rest, target), headers, body)
    except (aiohttp.ClientError, ValueError) as error:
        raise NotHttpError(str(error)) from error
    async with answer:
        kept = to_browser(answer.headers, target, neighbours, headers.get("Host", ""))
        kept.extend(granted)
        return await _answer(request, answer, kept)


def path_for(raw: str, rest: str, target: Target) -> str:
    """Return a path as the service is to get it: as it was sent, with the prefix or without."""
    if target.port.keeps_prefix:
        return raw
    return rest if rest.startswith("/") else f"/{rest}"


async def _body(request: web.BaseRequest) -> AsyncIterator[bytes]:
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    async for piece in request.content.iter_any():
        yield piece


async def _answer(request: web.BaseRequest, answer: aiohttp.ClientResponse, kept: Headers) -> web.StreamResponse:
    length = answer.content_length
    bodiless = request.method == "HEAD" or answer.status in _BODILESS
    if bodiless or (length is not None and length <= _SMALL):
        try:
            content = b"" if bodiless else await answer.read()
        except aiohttp.ClientError as error:
            raise NotHttpError(str(error)) from error
        return _whole(request, answer, kept, content)
    made = web.StreamResponse(status=answer.status, reason=answer.reason, headers=kept)
    if length is None and request.version >= aiohttp.HttpVersion11:
        made.enable_chunked_encoding()
    await made.prepare(request)
    try:
        async for piece in answer.content.iter_any():
            await made.write(piece)
        await made.write_eof()
    except (aiohttp.ClientError, ConnectionError) as error:
        # Half of an answer has gone out: cutting it off is all that tells the browser.
        log.debug("an answer of %s was cut off: %s", request.raw_path, error)
        if request.transport is not None:
            request.transport.abort()
    return made


def _whole(
    request: web.BaseRequest, answer: aiohttp.ClientResponse, kept: Headers, content: bytes
) -> web.StreamResponse:
    if request.method == "HEAD" or answer.status in _BODILESS:
        return web.StreamResponse(status=answer.status, reason=answer.reason, headers=kept)
    kept.popall("Content-Length", None)
    return web.Response(status=answer.status, reason=answer.reason, headers=kept, body=content)
