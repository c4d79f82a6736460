"""Which executions a person is at work with, as far as their traffic tells; handed on together every few seconds."""

import asyncio
import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from aiohttp import web

log = logging.getLogger(__name__)
Note = Callable[[Mapping[int, float], str], None]
"""Takes {execution: seconds since the epoch} and what it was: `traffic` or `proxy`."""
TRAFFIC, PROXY = "traffic", "proxy"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HABITS = r"^PUT [^?]*/lab/api/workspaces/[^/?]*(?:[?]|$)"
"""What pages write by themselves, as `METHOD path`: an open JupyterLab saves its layout every ten seconds, for ever.

Read by `re` and by nginx, hence no braces and no quotes in it.
"""
_HABITS = re.compile(HABITS)


def by_a_person(request: web.BaseRequest) -> bool:
    """Tell whether somebody did something: what an open page does by itself, to stay as it is, does not count."""
    if request.method not in _SAFE:
        return _HABITS.match(f"{request.method} {request.raw_path}") is None
    mode = request.headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode == "navigate"
    return "text/html" in request.headers.get("Accept", "")


class ActivityBook:
    """Collects signs of work. Belongs to one event loop; `note` is called in a thread, every `every` seconds."""

    def __init__(self, note: Note, pool: ThreadPoolExecutor, every: float) -> None:
        self._note, self._pool, self._every = note, pool, every
        self._seen: dict[int, float] = {}
        self._attached: Counter[int] = Counter()

    def saw(self, execution: int) -> None:
        """Remember that a person is at work here."""
        self._seen[execution] = time.time()

    @contextmanager
    def attached(self, execution: int) -> Iterator[None]:
        """Somebody is connected to this execution as long as the block lasts, silent or not."""
        self._attached[execution] += 1
        try:
            yield
        finally:
            self._attached[execution] -= 1
            if not self._attached[execution]:
                del self._attached[execution]

    async def run(self) -> None:
        """Hand on what was seen, for ever."""
        while True:
            await asyncio.sleep(self._every)
            await self.flush()

    async def flush(self) -> None:
        """Hand on what was seen until now."""
        seen, self._seen = self._seen, {}
        for found, kind in ((seen, TRAFFIC), (dict.fromkeys(self._attached, time.time()), PROXY)):
            if found:
                try:
                    await asyncio.get_running_loop().run_in_executor(self._pool, self._note, found, kind)
                except Exception as error:  # noqa: BLE001 - a lost note must not end the others
                    log.warning("activity could not be noted: %s", error)
