"""Requests for what is to come are held for a moment: the page opens the moment it is there, and is asked for less."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from weakref import WeakValueDictionary

from aiohttp import web

from zoe.gateway.pages import ToCome
from zoe.gateway.paths import execution_of
from zoe.gateway.sockets import is_websocket

_HELD = 1.0
"""Seconds: whoever looks at an empty page should be told soon what is missing."""
_SHORTEST_PAUSE, _LONGEST_PAUSE, _SHARE = 0.05, 0.5, 0.1
"""Seconds between two attempts to reach what runs and does not listen, for nothing tells when it does; within these
bounds a share of how long it has been tried, so that its page is late by that share at most."""
_REPEATABLE = frozenset({"GET", "HEAD"})

Answer = Callable[[], Awaitable[web.StreamResponse]]


class Patience:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self._changes: WeakValueDictionary[int, asyncio.Event] = WeakValueDictionary()

    def changed(self, executions: frozenset[int] | None) -> None:
        """Let those look again who wait for one of these executions (None: for any)."""
        for execution in list(self._changes) if executions is None else executions:
            change = self._changes.pop(execution, None)
            if change is not None:
                change.set()

    async def answer(self, request: web.BaseRequest, ask: Answer) -> web.StreamResponse:
        """Ask for the answer again while it is that something is to come, for a moment; then say so."""
        answer = await ask()
        execution = execution_of(request.raw_path)
        if not isinstance(answer, ToCome) or execution is None or not _may_be_held(request):
            return answer
        clock = asyncio.get_running_loop().time
        until = clock() + _HELD
        while isinstance(answer, ToCome) and (left := until - clock()) > 0:
            if answer.dialled is None:
                answer = await self._after_a_change(execution, ask, left)
            else:
                await asyncio.sleep(min(left, max(_SHORTEST_PAUSE, min(_LONGEST_PAUSE, _SHARE * answer.dialled))))
                answer = await ask()
        return answer

    async def _after_a_change(self, execution: int, ask: Answer, seconds: float) -> web.StreamResponse:
        change = self._changes.setdefault(execution, asyncio.Event())
        answer = await ask()  # what changed before anybody listened is not missed
        if not isinstance(answer, ToCome) or answer.dialled is not None:
            return answer
        with suppress(TimeoutError):
            await asyncio.wait_for(change.wait(), seconds)
        return await ask()


def _may_be_held(request: web.BaseRequest) -> bool:
    return request.method in _REPEATABLE and not request.body_exists and not is_websocket(request)
