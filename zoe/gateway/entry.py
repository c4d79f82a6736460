"""Sorts requests: `/_zoe/` is the gateway's own, all else belongs to services."""

import logging
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, quote

from aiohttp import web

from zoe.gateway import pages
from zoe.gateway.links import GatewayLinks
from zoe.gateway.visits import Reception

log = logging.getLogger(__name__)
OWN = "/_zoe/"
_UNRESERVED = "/?#[]@!$&'()*+,;=-._~%:"

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Entry:
    """The first that sees a request. `own`: what else the gateway itself answers, by the step after `/_zoe/`."""

    def __init__(self, links: GatewayLinks, reception: Reception, services: Handler) -> None:
        self._links, self.reception, self._services = links, reception, services
        self.own: dict[str, Handler] = {"enter": self._enter}

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request, whatever happens."""
        try:
            if request.raw_path.startswith(OWN):
                step = request.raw_path[len(OWN) :].partition("?")[0].partition("/")[0]
                handler = self.own.get(step)
                return await handler(request) if handler else pages.unknown(self._links.web(request.host))
            return await self._services(request)
        except ConnectionError:
            raise
        except Exception:
            log.exception("%s %s failed", request.method, request.raw_path)
            return pages.page(500, "Something went wrong", "Something went wrong inside Zoe; its log says what.")

    async def _enter(self, request: web.BaseRequest) -> web.StreamResponse:
        """Turn a ticket into the gateway's own cookie, and lead on to the page."""
        query = parse_qs(request.raw_path.partition("?")[2])
        to, ticket = query.get("to", [""])[0], query.get("ticket", [""])[0]
        if not to.startswith("/") or to.startswith(("//", "/\\")) or not to.isprintable():
            return pages.odd_path()
        cookie = await self.reception.enter(ticket, secure=self._links.scheme == "https")
        if cookie is None:
            text = "This way in was used before, or is too old. Open the page from your executions again."
            return pages.page(403, "No longer open", text, self._links.web(request.host))
        headers = {"Location": quote(to, safe=_UNRESERVED), "Set-Cookie": cookie}
        return web.Response(
            status=302, headers=headers | {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        )
