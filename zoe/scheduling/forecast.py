"""When those who wait may expect to start, as far as history tells how long the running ones still take."""

from collections.abc import Sequence
from functools import cached_property
from heapq import heapify, heappop, heappush
from math import inf
from operator import attrgetter

from zoe.scheduling.model import Application, Estimate, Snapshot
from zoe.scheduling.prospect import Prospect
from zoe.scheduling.register import Ending, Held, Known
from zoe.scheduling.room import Room
from zoe.scheduling.shapes import Gang
from zoe.scheduling.vectors import minus

_FURTHEST = 50
"""How far back in the queue somebody is given a time: behind so many others it would be a guess."""
_AT_ONCE = Estimate(0.0, 0.0, 0.0)

_EndsAt = tuple[float, int, Sequence[Held]]
"""When an execution gives something back, a number of no meaning that tells entries apart, and what."""


class Forecast:
    """Lets the queue start in its order, each as soon as enough others have ended; nobody overtakes."""

    def __init__(self, snapshot: Snapshot, room: Room, queue: Sequence[Known], endings: Sequence[Ending]) -> None:
        self._now = snapshot.now
        self._snapshot = snapshot
        self._room = room
        self._queue = queue[:_FURTHEST]
        self._endings = endings

    def start(self, id_: int) -> Estimate | None:
        """Return in how many seconds an execution of the queue starts; None where nobody knows."""
        likely, low, high = (times.get(id_) for times in self._times)
        if likely is None or low is None or high is None:
            return None
        return Estimate(likely, min(low, likely), max(high, likely))

    @cached_property
    def _times(self) -> tuple[dict[int, float], ...]:
        return tuple(self._let_start(which) for which in ("seconds", "low", "high"))

    def _let_start(self, which: str) -> dict[int, float]:
        left = list(self._room.ever)
        ends = self._ends(which)
        starts: dict[int, float] = {}
        now = self._now
        for known in self._queue:
            assert known.gang is not None  # noqa: S101 - who waits has core parts without a place
            nodes, now = self._wait(known.gang, left, ends, now)
            if nodes is None:
                break
            starts[known.app.id] = now - self._now
            held = [Held(known.app.parts[0], n, shape.need) for n, shape in zip(nodes, known.gang.shapes, strict=True)]
            for _, node, need in held:
                left[node] = minus(left[node], need)
            heappush(ends, (now + _lasts(known.app, which), -known.app.id, held))
        return starts

    def _wait(
        self, gang: Gang, left: list[tuple[int, int, int]], ends: list[_EndsAt], now: float
    ) -> tuple[list[int] | None, float]:
        prospect = Prospect(gang, left, self._room)
        nodes = prospect.nodes()
        while nodes is None and ends and ends[0][0] < inf:
            at, _, held = heappop(ends)
            now = max(now, at)
            if prospect.give(held):
                nodes = prospect.nodes()
        return nodes, now

    def _ends(self, which: str) -> list[_EndsAt]:
        by_id = {app.id: app for app in self._snapshot.applications}
        # One that gets back a core service it lost is there twice: with what it holds, and with what it gets.
        ends = [
            (started + _lasts(by_id[id_], which), number, held)
            for number, ((_, started, id_), held) in enumerate(self._endings)
        ]
        heapify(ends)
        return ends


def _lasts(app: Application, which: str) -> float:
    return float(attrgetter(which)(app.expected)) if app.expected else inf
