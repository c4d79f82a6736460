"""`/_zoe/alive`: what a page asks to know that changes would be told."""

from aiohttp import web

from zoe.gateway.following import Following
from zoe.gateway.streams import StreamGate
from zoe.state.changes import ChangeListener


class LifeSign:
    """Answers from the loop that tells the changes: who hears it knows that this loop runs."""

    def __init__(self, listener: ChangeListener, following: Following, gate: StreamGate) -> None:
        self._listener, self._following, self._gate = listener, following, gate

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer; 503 while changes are not heard of, or cannot be read."""
        status = 200 if self._listener.hearing and not self._following.behind else 503
        return web.Response(status=status, headers={"Cache-Control": "no-store"} | self._gate.shared(request))
