"""The streams of logs: `/_zoe/logs/<service id>`, each event some lines, its id how many there have been."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from aiohttp import web

from zoe.errors import NotFoundError
from zoe.gateway import pages
from zoe.gateway.pump import Pump, Read, lines
from zoe.gateway.streams import LIFE_SIGN, StreamGate, event, or_life_sign
from zoe.gateway.visits import Visit
from zoe.state import services
from zoe.state.database import Database

_AT_ONCE = 500
_MOST_PUMPS = 256
_THREADS = 8


class LogBoard:
    """Streams logs. Belongs to one event loop; a log that many follow is read once, in one thread."""

    def __init__(self, database: Database, pool: ThreadPoolExecutor, read: Read, gate: StreamGate) -> None:
        self._database, self._pool, self._read, self._gate = database, pool, read, gate
        # Reading back takes as long as a log is long: it must not keep the routes waiting.
        self._readers = ThreadPoolExecutor(_THREADS, thread_name_prefix="log-again")
        self._pumps: dict[int, Pump] = {}

    def close(self) -> None:
        """Let go of the threads."""
        self._readers.shutdown(wait=False, cancel_futures=True)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Stream a log to who may see it."""
        visit = await self._gate.admit(request)
        if not isinstance(visit, Visit):
            return visit
        step = request.raw_path.partition("?")[0].removeprefix("/_zoe/logs/")
        number = int(step) if step.isdecimal() and len(step) < 19 else 0
        owner = await asyncio.get_running_loop().run_in_executor(self._pool, self._owner, number)
        if owner is None or not visit.may_see(owner):
            return pages.page(404, "Nothing here", "There is no such service.")
        last = request.headers.get("Last-Event-ID", "")
        if last.endswith(".end"):
            return web.Response(status=204, headers=self._gate.shared(request))  # browsers then ask no more
        if number not in self._pumps and len(self._pumps) >= _MOST_PUMPS:
            return pages.page(
                503, "Not just now", "Too many logs are being followed at present; try again in a moment."
            )
        return await self._gate.send(request, visit, self._events(number, int(last) if last.isdecimal() else 0))

    def _owner(self, service: int) -> int | None:
        with self._database.session():
            try:
                return services.service(self._database, service)[1]
            except NotFoundError:
                return None

    async def _events(self, service: int, at: int) -> AsyncIterator[bytes]:
        more = asyncio.Event()
        pump = self._pumps.get(service) or self._pumps.setdefault(service, Pump(service, self._read))
        pump.join(more)
        try:
            async for reached, piece in self._pieces(pump, service, more, at):
                at = reached
                yield piece
            if pump.failed is not None:
                yield event("failed", str(at), "The log cannot be read any further.")
            yield event("end", f"{at}.end", "")
        finally:
            if pump.leave(more) or pump.ended:
                self._pumps.pop(service, None)

    async def _pieces(self, pump: Pump, service: int, more: asyncio.Event, at: int) -> AsyncIterator[tuple[int, bytes]]:
        while True:
            more.clear()
            ended = pump.ended
            found = pump.since(at)
            if found is None:
                async for reached, piece in self._again(service, at):
                    at = reached
                    yield at, piece
                continue
            for start in range(0, len(found), _AT_ONCE):
                some = found[start : start + _AT_ONCE]
                at += len(some)
                yield at, _lines(at, some)
            if ended:
                return
            if not found and not await or_life_sign(more):
                yield at, LIFE_SIGN

    async def _again(self, service: int, at: int) -> AsyncIterator[tuple[int, bytes]]:
        """Yield what was written until now after the first `at` lines."""
        loop = asyncio.get_running_loop()
        written = (line for line in lines(self._read(service, False)) if line is not None)  # noqa: FBT003 - no following
        skipping = islice(written, at, None)
        while some := await loop.run_in_executor(self._readers, _some, skipping):
            at += len(some)
            yield at, _lines(at, some)


def _some(from_: Iterator[bytes]) -> list[bytes]:
    return list(islice(from_, _AT_ONCE))


def _lines(at: int, some: list[bytes]) -> bytes:
    return event("lines", str(at), b"\n".join(some).decode("utf-8", "replace"))
