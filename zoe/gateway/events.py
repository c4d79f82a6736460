"""The streams of changes: `/_zoe/events`, of all executions that one may see, and `/_zoe/events/<execution>`."""

import asyncio
import json
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from aiohttp import web

from zoe.gateway import pages
from zoe.gateway.owners import Owners
from zoe.gateway.streams import LIFE_SIGN, StreamGate, event, or_life_sign
from zoe.gateway.table import Table
from zoe.gateway.visits import OPERATE_OTHERS, Visit
from zoe.state.database import Database
from zoe.state.summaries import active, ended_since, summaries

Found = TypeVar("Found")
_REMEMBERED = 20_000
_PAUSE = (0.3, 1.0)
"""Seconds between two messages to one follower, on the average, at least and at most ..."""
_RATE = 1000.0
"""... and in between so that all followers together get so many a second: Zoe has other things to do, too."""
_OVERLAP = 10.0
"""Seconds that a follower is told again after a restart of the gateway: clocks differ, commits take their time."""


@dataclass(slots=True, eq=False)
class _Follower:
    """Somebody who follows. What waits for a slow reader is the newest state of each execution, no more."""

    visit: Visit
    only: int | None
    everything: bool = False
    waiting: dict[int, None] = field(default_factory=dict)
    something: asyncio.Event = field(default_factory=asyncio.Event)

    def all_anew(self) -> None:
        """Have everything sent."""
        self.everything = True
        self.something.set()

    def tell(self, execution: int) -> None:
        """Have this execution sent."""
        self.waiting[execution] = None
        self.something.set()


class EventBoard:
    """Tells followers of changes. Belongs to one event loop; reads each change once, however many follow."""

    def __init__(
        self, database: Database, pool: ThreadPoolExecutor, table: Table, owners: Owners, gate: StreamGate
    ) -> None:
        self._database, self._pool, self._table, self._owners, self._gate = database, pool, table, owners, gate
        self._epoch = f"{time.time_ns() // 1_000_000:x}"
        self._number = 0
        self._changes: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)
        self._told: dict[int, tuple[int | None, str]] = {}
        self._lock = asyncio.Lock()
        self._dirty: set[int] = set()
        self._were: dict[int, int] = {}
        """Whose executions were that have changed since."""
        self._followers: set[_Follower] = set()

    def changed(self, executions: frozenset[int] | None) -> None:
        """Take note that these changed; None: that nobody knows which."""
        if executions is None:
            self._told.clear()
            self._changes.clear()
            self._epoch = f"{time.time_ns() // 1_000_000:x}"
            for follower in self._followers:
                follower.all_anew()
            return
        for execution in executions:
            self._number += 1
            self._changes.append((self._number, execution))
            if owner := self._told.pop(execution, (None, ""))[0]:
                self._were[execution] = owner
            self._dirty.add(execution)
        for follower in self._followers:
            for execution in executions if follower.only is None else executions & {follower.only}:
                follower.tell(execution)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Stream changes to who may see them."""
        visit = await self._gate.admit(request)
        if not isinstance(visit, Visit):
            return visit
        step = request.raw_path.partition("?")[0].removeprefix("/_zoe/events").strip("/")
        if step and not (step.isdecimal() and len(step) < 19 and await self._may_see(visit, int(step))):
            return pages.page(404, "Nothing here", "There is no such execution.")
        follower = _Follower(visit, int(step) if step else None)
        self._followers.add(follower)
        try:
            for execution in await self._missed(follower, request.headers.get("Last-Event-ID", "")):
                follower.tell(execution)
            return await self._gate.send(request, visit, self._events(follower))
        finally:
            self._followers.discard(follower)

    async def _may_see(self, visit: Visit, execution: int) -> bool:
        there = self._table.execution(execution)
        owner = there.owner if there else await self._owners.of(execution)
        return owner is not None and visit.may_see(owner)

    async def _missed(self, follower: _Follower, last: str) -> Collection[int]:
        """Return what a follower does not know yet: what has changed since it heard last, or all there is."""
        if follower.only is not None:
            return [follower.only]
        epoch, number, heard = (*last.split("."), "", "")[:3]
        if epoch == self._epoch and number.isdecimal() and self._reaches(int(number)):
            return {execution for at, execution in self._changes if at > int(number)}
        missed = set(await self._in_thread(lambda: self._active(follower.visit)))
        if heard.isdecimal() and len(heard) < 16:
            since = int(heard) / 1000 - _OVERLAP
            missed |= set(await self._in_thread(lambda: self._ended_since(follower.visit, since)))
        return missed

    def _reaches(self, number: int) -> bool:
        return number == self._number or (bool(self._changes) and self._changes[0][0] <= number + 1)

    async def _events(self, follower: _Follower) -> AsyncIterator[bytes]:
        while True:
            quiet = not follower.waiting and not follower.everything
            if quiet and not await or_life_sign(follower.something):
                yield LIFE_SIGN
                continue
            follower.something.clear()
            if follower.everything:
                follower.everything = False
                follower.waiting |= dict.fromkeys(await self._missed(follower, ""))
            wanted, follower.waiting = list(follower.waiting), {}
            # Named before the reading: what changes meanwhile is told again.
            number = f"{self._epoch}.{self._number}.{time.time_ns() // 1_000_000}"
            told = b""
            for execution, (owner, text) in (await self._tell(wanted)).items():
                if owner is not None and follower.visit.may_see(owner):
                    told += event("execution", number, text)
                elif owner is None and follower.visit.may_see(self._were.get(execution, 0)):
                    told += event("forgotten", number, json.dumps({"id": execution}))
            if told:
                yield told
            # The first change is told at once, those right behind it together; and not to all at the same moment.
            await asyncio.sleep(self._pause() * random.uniform(0.7, 1.3))  # noqa: S311 - no secret

    def _pause(self) -> float:
        shortest, longest = _PAUSE
        return min(longest, max(shortest, len(self._followers) / _RATE))

    async def _tell(self, wanted: Collection[int]) -> dict[int, tuple[int | None, str]]:
        async with self._lock:
            missing = [execution for execution in wanted if execution not in self._told]
            self._dirty.clear()
            read = await self._in_thread(lambda: self._read(missing)) if missing else {}
            self._told.update((id_, told) for id_, told in read.items() if id_ not in self._dirty)
            for kept in (self._told, self._were):
                if len(kept) > _REMEMBERED:
                    kept.clear()
            return {execution: read.get(execution) or self._told.get(execution, (None, "")) for execution in wanted}

    def _read(self, ids: Collection[int]) -> dict[int, tuple[int | None, str]]:
        with self._database.session():
            found = summaries(self._database, ids)
        nothing: dict[int, tuple[int | None, str]] = dict.fromkeys(ids, (None, ""))
        return nothing | {id_: (one["user_id"], json.dumps(one)) for id_, one in found.items()}

    def _active(self, visit: Visit) -> list[int]:
        with self._database.session():
            return active(self._database, _whose(visit))

    def _ended_since(self, visit: Visit, at: float) -> list[int]:
        with self._database.session():
            return ended_since(self._database, at, _whose(visit))

    async def _in_thread(self, ask: Callable[[], Found]) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._pool, ask)


def _whose(visit: Visit) -> int | None:
    """Return whose executions a visitor may see: None for everybody's, a user that there is not for nobody's."""
    account = visit.account
    if account is None:
        return 0
    return None if OPERATE_OTHERS in account.permissions else account.id
