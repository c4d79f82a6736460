"""Keeps the routing table true: reads once what there is, then only what the database says has changed."""

import asyncio
import logging
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor

from zoe.errors import StateUnavailableError
from zoe.gateway.table import Table
from zoe.state.changes import Change, Topic
from zoe.state.database import Database
from zoe.state.routes import ExecutionRoutes, routes

log = logging.getLogger(__name__)
_AGAIN = 0.5
"""Seconds until a reading that failed is tried again."""


class Following:
    """Collects changes and reads them together, one reading at a time. Belongs to one event loop.

    `changed` is told, after the table has them, of the executions that changed (None: of whichever).
    """

    def __init__(self, database: Database, pool: ThreadPoolExecutor, table: Table) -> None:
        self._database, self._pool, self._table = database, pool, table
        self.changed: list[Callable[[frozenset[int] | None], None]] = []
        self.accounts_changed: list[Callable[[], None]] = []
        self._waiting: set[int] = set()
        self._all = False
        self._something = asyncio.Event()
        self.ready = asyncio.Event()
        self.behind = False
        """Whether something changed that could not be read so far."""

    def hear(self, change: Change) -> None:
        """Take note of a change."""
        if change.topic in {Topic.ACCOUNTS, Topic.EVERYTHING}:
            for tell in self.accounts_changed:
                tell()
        if change.topic is Topic.EVERYTHING:
            self._all = True
        self._waiting |= change.executions
        if self._all or self._waiting:
            self._something.set()

    async def run(self) -> None:
        """Read what has changed, for ever."""
        while True:
            await self._something.wait()
            self._something.clear()
            looked = None if self._all else frozenset(self._waiting)
            self._all, self._waiting = False, set()
            try:
                await self._read(looked)
            except StateUnavailableError:
                self.behind = True
                self.hear(Change(Topic.EVERYTHING))
                await asyncio.sleep(_AGAIN)

    async def _read(self, looked: Collection[int] | None) -> None:
        found = await asyncio.get_running_loop().run_in_executor(self._pool, self._routes, looked)
        self._table.replace(found, looked)
        self.behind = False
        self.ready.set()
        for tell in self.changed:
            tell(None if looked is None else frozenset(looked))

    def _routes(self, looked: Collection[int] | None) -> dict[int, ExecutionRoutes]:
        with self._database.session():
            return routes(self._database, looked)
