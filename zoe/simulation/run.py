"""How work gets done: one application, from its submission to its end."""

from collections.abc import Iterable, Iterator, Mapping

from zoe.scheduling.model import Application, Part
from zoe.simulation.workload import Submission


class Run:
    """One application in flight, and how far it is.

    Every service that runs adds its rate, as long as all core services run. A service works in tasks of
    `task_seconds`, one after the other from its start: if it is taken back, the work of the task it is in is lost,
    half a task on average. So work done = rates times seconds - work lost, exactly.
    """

    def __init__(self, submission: Submission, part_ids: Iterator[int]) -> None:
        self.submission = submission
        self.started: float | None = None
        self.ended: float | None = None
        self.done = 0.0
        self.lost = 0.0
        self.taken = 0
        self.rate = 0.0
        self._since = 0.0
        self._placed_at: float | None = None
        self._begun: dict[int, float] = {}
        self._rates: dict[int, float] = {}
        self._core = set[int]()
        self._core_running = 0
        self.parts = {part.id: part for part in self._make_parts(part_ids)}
        self.application = self._application()

    def _make_parts(self, ids: Iterator[int]) -> Iterator[Part]:
        for group in self.submission.groups:
            for _ in range(group.count):
                part = Part(next(ids), group.name, group.reserved, group.core, group.labels)
                self._rates[part.id] = group.rate
                if part.core:
                    self._core.add(part.id)
                yield part

    def _application(self) -> Application:
        one = self.submission
        parts = tuple(self.parts.values())
        running = not self.idle
        since = self._placed_at if running else None
        return Application(
            one.id, one.owner, one.at, one.size, parts, running, one.priority, one.opportunistic, since, one.expected
        )

    def begin(self, nodes: Mapping[int, str], now: float) -> None:
        """Start parts (their ids) on nodes, together; `settle` has to follow."""
        self._advance(now)
        if not self._begun:
            self._placed_at = now
        self._begun.update(dict.fromkeys(nodes, now))
        for part, node in nodes.items():
            self._move(self.parts[part], node)
        self._core_running += len(self._core.intersection(nodes))
        if self.started is None and self._core_running:
            self.started = now

    def take(self, parts: Iterable[int], now: float) -> None:
        """Take parts back, together; `settle` has to follow."""
        self._advance(now)
        whole = self.whole
        for part in parts:
            if whole:
                self._lose(self._rates[part] * self._into_task(part, now))
            self.taken += 1
            del self._begun[part]
            self._move(self.parts[part], None)
            self._core_running -= part in self._core

    def _into_task(self, part: int, now: float) -> float:
        length = self.submission.task_seconds
        return (now - self._begun[part]) % length if length > 0 else 0.0

    def _lose(self, work: float) -> None:
        self.done -= work
        self.lost += work

    def end(self, now: float) -> None:
        """End it: all its work is done."""
        self._advance(now)
        self.ended = now

    @property
    def whole(self) -> bool:
        """Whether all core services run."""
        return self._core_running == len(self._core)

    @property
    def idle(self) -> bool:
        """Whether none of its services runs."""
        return not self._begun

    @property
    def ends_at(self) -> float | None:
        """When it ends, if nothing changes; None while it makes no progress."""
        return self._since + (self.submission.work - self.done) / self.rate if self.rate > 0 else None

    def settle(self) -> None:
        """Reckon its rate and make the scheduler's view of it again, after parts began or were taken."""
        # Added up anew: a sum kept by adding and subtracting would drift.
        self.rate = sum(map(self._rates.__getitem__, self._begun)) if self.whole else 0.0
        self.application = self._application()

    def _advance(self, now: float) -> None:
        self.done += self.rate * (now - self._since)
        self._since = now

    def _move(self, old: Part, node: str | None) -> None:
        self.parts[old.id] = Part(old.id, old.group, old.reserved, old.core, old.labels, node)
