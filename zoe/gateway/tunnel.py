"""`/_zoe/proxy/<execution>/<service>/<port>`: a raw connection to any port of one's own services, over a WebSocket."""

import asyncio
import socket
from urllib.parse import unquote

from aiohttp import WSCloseCode, WSMsgType, web

from zoe.gateway import pages
from zoe.gateway.activity import ActivityBook
from zoe.gateway.stays import Stays
from zoe.gateway.table import Table
from zoe.gateway.upstream import Dialler, NobodyAnswersError
from zoe.gateway.visits import Reception
from zoe.state.routes import ServiceRoutes

_PIECE = 1 << 16
_LONGEST = 1 << 20
_HEARTBEAT = 30.0


class TunnelEnd:
    """The gateway's end of `zoe proxy`. Belongs to one event loop."""

    def __init__(
        self, table: Table, reception: Reception, dialler: Dialler, activity: ActivityBook, stays: Stays
    ) -> None:
        self._table, self._reception, self._dialler, self._activity = table, reception, dialler, activity
        self._stays = stays

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Connect who shows a token: a cookie is not enough, for pages of services come with it too."""
        visit = await self._reception.recognise(request)
        if not visit.token:
            return pages.not_signed_in()
        found = self._find(request.raw_path)
        if found is None or not visit.may_see(found[0]):
            return pages.page(404, "Nothing here", "There is no such service running, or it is not one of yours.")
        owner, execution, service, port = found
        try:
            made = await self._dialler.dial(service.handle or "", port)
        except NobodyAnswersError:
            return pages.page(502, "No answer", f"Nobody answers on port {port} of {service.name}.")
        may_stay = self._stays.staying(request, lambda now: now.token and now.may_see(owner))
        with self._activity.attached(execution), may_stay:
            return await _carry(request, made)

    def _find(self, raw: str) -> tuple[int, int, ServiceRoutes, int] | None:
        """Return owner, execution, service and port that a path names, if the service runs."""
        steps = raw.partition("?")[0].removeprefix("/_zoe/proxy/").split("/")
        if len(steps) != 3 or not all(step.isdecimal() and len(step) < 19 for step in (steps[0], steps[2])):
            return None
        there, name, port = self._table.execution(int(steps[0])), unquote(steps[1]), int(steps[2])
        if there is None or not 0 < port < 65536:
            return None
        named = (one for one in there.services if one.name == name and one.status == "active" and one.handle)
        service = next(named, None)
        return (there.owner, there.id, service, port) if service else None


async def _carry(request: web.BaseRequest, made: socket.socket) -> web.StreamResponse:
    reader, writer = await asyncio.open_connection(sock=made, limit=_PIECE)
    tunnel = web.WebSocketResponse(max_msg_size=_LONGEST, compress=False, heartbeat=_HEARTBEAT)
    try:
        await tunnel.prepare(request)
        back = asyncio.create_task(_back(reader, tunnel))
        try:
            await _onwards(tunnel, writer)
        finally:
            back.cancel()
    except OSError:  # shutting down what the other side has reset is no ConnectionError
        await tunnel.close(code=WSCloseCode.GOING_AWAY)
    finally:
        writer.close()
    return tunnel


async def _onwards(tunnel: web.WebSocketResponse, writer: asyncio.StreamWriter) -> None:
    """Send on what comes until the tunnel is closed; an empty message says that nothing more comes."""
    ended = False
    async for message in tunnel:
        if message.type is not WSMsgType.BINARY or ended:
            continue
        if message.data:
            writer.write(message.data)
            await writer.drain()
        else:
            writer.write_eof()  # the answer may be yet to come
            ended = True


async def _back(reader: asyncio.StreamReader, tunnel: web.WebSocketResponse) -> None:
    try:
        while piece := await reader.read(_PIECE):
            await tunnel.send_bytes(piece)
    finally:
        await tunnel.close()
