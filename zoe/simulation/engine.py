"""The simulation: time jumps from event to event, and whenever something has changed the scheduler is asked."""

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from zoe.scheduling.model import Application, Part, Plan, Snapshot, Start, Stop
from zoe.simulation.collecting import rare_collections
from zoe.simulation.holdings import Holdings
from zoe.simulation.ledger import Ledger, PlanInvalidError
from zoe.simulation.run import Run
from zoe.simulation.timeline import Timeline
from zoe.simulation.workload import Submission, Workload, check

Planner = Callable[[Snapshot], Plan]
Step = TypeVar("Step", Start, Stop)
Ended = Callable[[int], None]
"""Told how many applications have ended since the last call."""
_NO_REASON = "nothing runs any more, and still the scheduler does not start it"
# What is taken back is given to somebody at the same moment, so a few passes settle it; see `_schedule`.
_MOST_PASSES = 1000


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one application. Seconds; `started` and `ended` are None for one that never could start."""

    submission: Submission
    started: float | None
    ended: float | None
    taken: int
    lost: float
    never: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a workload. `plans`: how often the scheduler was asked."""

    records: Sequence[Record]
    timeline: Timeline
    plans: int


def simulate(
    workload: Workload, planner: Planner, ended: Ended = lambda _: None, half_life: float | None = None
) -> Outcome:
    """Let all applications of the workload arrive, wait, run and end.

    `half_life`: if the planner wants to know what owners held lately, how long ago counts half, seconds.
    Services start and stop at once. Ends when nothing is left to happen: what still waits then never starts.

    Raises:
        WorkloadInvalidError: the submissions are not in the order of time, or one could not end.
        PlanInvalidError: the scheduler over-commits a node, or starts or stops what is not there.

    """
    check(workload.submissions)
    with rare_collections():
        return _Simulation(workload, planner, ended, half_life).run()


class _Simulation:
    def __init__(self, workload: Workload, planner: Planner, ended: Ended, half_life: float | None) -> None:
        self._workload = workload
        self._planner = planner
        self._told_of_end = ended
        self._ledger = Ledger(workload.nodes)
        self._holdings = Holdings(self._ledger.total, half_life)
        self._part_ids = itertools.count(1)
        self._runs: dict[int, Run] = {}
        # As the scheduler sees them, oldest first; kept beside the runs so that a snapshot costs one copy.
        self._views: dict[int, Application] = {}
        self._waiting = 0
        self._unplaced = 0
        self._ends: list[tuple[float, int]] = []
        self._due: dict[int, float] = {}
        self._records: dict[int, Record] = {}
        self._timeline = Timeline()
        self._plans = 0
        self._last = Plan()

    def run(self) -> Outcome:
        arrivals = self._workload.submissions
        next_arrival = 0
        while True:
            next_end = self._next_end()
            if next_arrival == len(arrivals) and next_end is None:
                break
            now = min(arrivals[next_arrival].at if next_arrival < len(arrivals) else float("inf"),
                      float("inf") if next_end is None else next_end)  # fmt: skip
            self._end_all(now)
            while next_arrival < len(arrivals) and arrivals[next_arrival].at <= now:
                self._arrive(arrivals[next_arrival])
                next_arrival += 1
            self._schedule(now)
            self._note(now)
        return self._outcome()

    def _next_end(self) -> float | None:
        while self._ends and self._due.get(self._ends[0][1]) != self._ends[0][0]:
            heapq.heappop(self._ends)  # it was moved, or has ended
        return self._ends[0][0] if self._ends else None

    def _arrive(self, submission: Submission) -> None:
        run = Run(submission, self._part_ids)
        self._runs[submission.id] = run
        self._views[submission.id] = run.application
        self._waiting += 1
        self._unplaced += len(run.parts)

    def _end_all(self, now: float) -> None:
        count = 0
        while (due := self._next_end()) is not None and due <= now:
            self._end(heapq.heappop(self._ends)[1], now)
            count += 1
        if count:
            self._told_of_end(count)

    def _end(self, id_: int, now: float) -> None:
        run = self._runs.pop(id_)
        del self._views[id_], self._due[id_]
        run.end(now)
        for part in run.parts.values():
            if part.node is not None:
                self._free(run, part, part.node, now)
        self._unplaced -= len(run.parts)
        self._records[id_] = Record(run.submission, run.started, run.ended, run.taken, run.lost)

    def _schedule(self, now: float) -> None:
        """Ask until nothing is taken back any more: what was freed may be given away in the next pass."""
        for _ in range(_MOST_PASSES):
            if not self._unplaced:
                return  # everybody has everything: there is nothing to decide
            decided = self._last = self._planner(self._snapshot(now))
            self._plans += 1
            self._apply(decided, now)
            if not decided.stops:
                return
        raise PlanInvalidError(f"At {now:g} s the scheduler took services back {_MOST_PASSES} times without an end.")

    def _snapshot(self, now: float) -> Snapshot:
        applications = list(self._views.values())
        return Snapshot(now, self._workload.nodes, applications, usage=self._holdings.at(now))

    def _apply(self, decided: Plan, now: float) -> None:
        changed: dict[int, Run] = {}
        for id_, stops in _by_application(decided.stops).items():
            changed[id_] = self._stop(id_, stops, now)
        for id_, starts in _by_application(decided.starts).items():
            changed[id_] = self._start(id_, starts, now)
        for id_, run in changed.items():
            run.settle()
            self._views[id_] = run.application
            self._set_end(id_, run.ends_at, now)

    def _stop(self, id_: int, stops: Sequence[Stop], now: float) -> Run:
        run = self._known(id_)
        for stop in stops:
            part = run.parts.get(stop.part)
            if part is None or part.node is None:
                raise PlanInvalidError(f"Part {stop.part} of application {id_} is to be taken back and does not run.")
            self._free(run, part, part.node, now)
        was_idle = run.idle
        run.take((stop.part for stop in stops), now)
        self._waiting += run.idle - was_idle
        return run

    def _start(self, id_: int, starts: Sequence[Start], now: float) -> Run:
        run = self._known(id_)
        self._waiting -= run.idle
        self._unplaced -= len(starts)
        parts, take, follows = run.parts, self._ledger.take, self._holdings.follows
        nodes: dict[int, str] = {}
        for start in starts:
            part = parts.get(start.part)
            if part is None or part.node is not None or start.part in nodes:
                raise PlanInvalidError(f"Part {start.part} of application {id_} is started twice.")
            nodes[start.part] = start.node
            take(part, start.node)
            if follows:
                self._holdings.take(run.submission.owner, part.reserved, now)
        run.begin(nodes, now)
        return run

    def _free(self, run: Run, part: Part, node: str, now: float) -> None:
        self._unplaced += 1
        self._ledger.give_back(part, node)
        if self._holdings.follows:
            self._holdings.give_back(run.submission.owner, part.reserved, now)

    def _known(self, id_: int) -> Run:
        if id_ not in self._runs:
            raise PlanInvalidError(f"The scheduler speaks of application {id_}, which is not there.")
        return self._runs[id_]

    def _set_end(self, id_: int, at: float | None, now: float) -> None:
        if at is None:
            self._due.pop(id_, None)
            return
        self._due[id_] = max(at, now)
        heapq.heappush(self._ends, (self._due[id_], id_))

    def _note(self, now: float) -> None:
        total = self._ledger.total
        cores = self._ledger.cores / total.cores if total.cores else 0.0
        memory = self._ledger.memory / total.memory if total.memory else 0.0
        self._timeline.add(now, self._waiting, cores, memory)

    def _outcome(self) -> Outcome:
        for id_, run in self._runs.items():
            wait = self._last.waits.get(id_)
            reason = wait.reason if wait else _NO_REASON
            self._records[id_] = Record(run.submission, run.started, None, run.taken, run.lost, reason)
        if self._runs:
            self._told_of_end(len(self._runs))
        records = [self._records[submission.id] for submission in self._workload.submissions]
        return Outcome(records, self._timeline, self._plans)


def _by_application(steps: Sequence[Step]) -> dict[int, list[Step]]:
    grouped: dict[int, list[Step]] = {}
    for step in steps:
        grouped.setdefault(step.application, []).append(step)
    return grouped
