"""Connections that stay open after somebody was let in: they close when that somebody may not be there any more."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web

from zoe.errors import StateUnavailableError
from zoe.gateway.visits import Reception, Visit


@dataclass(frozen=True, slots=True, eq=False)
class _Stay:
    request: web.BaseRequest
    transport: asyncio.Transport
    may_stay: Callable[[Visit], bool]


class Stays:
    """Looks at all of them again whenever an account, a role, a token or a session changes. Of one event loop."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._open: set[_Stay] = set()
        self._unsure: set[_Stay] = set()
        self._review: asyncio.Task[None] | None = None

    @contextmanager
    def staying(self, request: web.BaseRequest, may_stay: Callable[[Visit], bool]) -> Iterator[None]:
        """Close a request's connection during the block as soon as whom it shows may not stay."""
        transport = request.transport
        if transport is None:
            yield  # it is closed already
            return
        stay = _Stay(request, transport, may_stay)
        self._open.add(stay)
        self._look_at(stay)  # something may have changed since it was let in
        try:
            yield
        finally:
            self._open.discard(stay)
            self._unsure.discard(stay)

    def accounts_changed(self) -> None:
        """Look at all of them again."""
        self._look_at(*self._open)

    def _look_at(self, *stays: _Stay) -> None:
        self._unsure.update(stays)
        if self._unsure and (self._review is None or self._review.done()):
            self._review = asyncio.create_task(self._look())

    async def _look(self) -> None:
        while self._unsure:
            stay = self._unsure.pop()
            if not await self._may_stay(stay):
                stay.transport.close()

    async def _may_stay(self, stay: _Stay) -> bool:
        try:
            return stay.may_stay(await self._reception.recognise(stay.request))
        except StateUnavailableError:
            return True  # when the database is back, everything is taken for changed
