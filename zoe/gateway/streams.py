"""Server-sent events: who may follow, and how they are written."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from zoe.gateway import pages
from zoe.gateway.links import GatewayLinks
from zoe.gateway.stays import Stays
from zoe.gateway.visits import Reception, Visit

_LIFE_SIGN = 15.0
"""Seconds of silence after which a comment is sent: so that proxies keep the stream, and who has left is noticed."""
_HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}


class StreamGate:
    """Lets Zoe's own pages, with their cookie, and programs, with their token, follow streams."""

    def __init__(self, links: GatewayLinks, reception: Reception, stays: Stays) -> None:
        self._links, self._reception, self._stays = links, reception, stays

    async def admit(self, request: web.BaseRequest) -> Visit | web.StreamResponse:
        """Return who asks, or the answer for those who may not.

        Pages of services share the gateway's origin, and a browser sends their requests with the same cookies: a
        cookie therefore counts only where the browser says that one of Zoe's own pages asks.
        """
        origin = request.headers.get("Origin")
        ours = origin is not None and self._links.is_web(origin, request.host)
        if request.method == "OPTIONS":
            return web.Response(status=204, headers=self.shared(request))
        visit = await self._reception.recognise(request)
        if visit.account is None:
            return pages.not_signed_in()
        if not visit.token and not ours:
            return pages.other_origin()
        return visit

    def shared(self, request: web.BaseRequest) -> dict[str, str]:
        """Return the headers that let Zoe's own pages, and no others, read an answer."""
        origin = request.headers.get("Origin")
        if origin is None or not self._links.is_web(origin, request.host):
            return {"Vary": "Origin"}
        return {
            "Vary": "Origin",
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Allow-Headers": "Authorization, Last-Event-ID",
        }

    async def send(self, request: web.BaseRequest, visit: Visit, events: AsyncIterator[bytes]) -> web.StreamResponse:
        """Write events until there are no more, nobody reads them, or whoever does is not the same to Zoe any more.

        Who may still follow asks again, and goes on where it was.
        """
        answer = web.StreamResponse(headers=_HEADERS | self.shared(request))
        with self._stays.staying(request, lambda now: now.account == visit.account):
            await answer.prepare(request)
            await answer.write(b": welcome\n\n")
            async for piece in events:
                await answer.write(piece)
            await answer.write_eof()
        return answer


def event(kind: str, number: str, text: str) -> bytes:
    """Return one event; `text` may have several lines."""
    lines = "\n".join(f"data: {line}" for line in text.replace("\r", "\n").split("\n"))
    return f"id: {number}\nevent: {kind}\n{lines}\n\n".encode("utf-8", "replace")


async def or_life_sign(something: asyncio.Event) -> bool:
    """Wait for something; False if it is time for a sign of life."""
    try:
        async with asyncio.timeout(_LIFE_SIGN):
            await something.wait()
    except TimeoutError:
        return False
    return True


LIFE_SIGN = b": \n\n"
