"""Compares policies, placements and modes: every combination on the same workloads, over several seeds."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from zoe.errors import ZoeError
from zoe.scheduling.model import Placement, Policy
from zoe.simulation.engine import simulate
from zoe.simulation.measures import Results, measure, turnarounds
from zoe.simulation.planning import Scheduler
from zoe.simulation.timeline import Columns
from zoe.simulation.workload import Mode, Workload

POINTS = 400
"""How many points of the queue and the allocation are kept for the plot."""
_MOST_TIMES = 20_000


@dataclass(frozen=True, slots=True)
class Case:
    """What is compared: a policy and a placement by name, and a mode."""

    policy: str
    placement: str
    mode: Mode

    def __str__(self) -> str:
        return f"{self.policy}, {self.placement}, {self.mode}"


@dataclass(slots=True)
class Compared:
    """What came out for one case: a result for each seed, and for the plot the first seed's course of things.

    `complaints`: what its policy or placement did wrong, each once, with the number of passes.
    `never`: why those applications never started that never did, each reason once, with their number.
    """

    case: Case
    results: list[Results] = field(default_factory=list)
    course: Sequence[tuple[float, Columns]] = ()
    turnarounds: list[float] = field(default_factory=list)
    complaints: dict[str, int] = field(default_factory=dict)
    never: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Contest:
    """All that is to be compared. `workload`: makes the workload of a seed.

    Policies and placements are made anew for each simulation: what one remembers, such as the random numbers that it
    has drawn, does not reach the next.
    """

    workload: Callable[[int], Workload]
    policies: Mapping[str, Callable[[], Policy]]
    placements: Mapping[str, Callable[[], Placement]]
    modes: Sequence[Mode]
    seeds: Sequence[int]

    def cases(self) -> list[Case]:
        """Return every combination, those that differ in the mode alone side by side."""
        return [Case(*one) for one in itertools.product(self.policies, self.placements, self.modes)]


Progress = Callable[[int], None]


def compare(contest: Contest, ended: Progress = lambda _: None, began: Progress = lambda _: None) -> list[Compared]:
    """Simulate every case with every seed.

    `began` is told how many applications a seed's simulations have in all, `ended` how many more of them are through.

    Raises:
        ZoeError: a workload is empty or cannot be simulated.

    """
    compared = [Compared(case) for case in contest.cases()]
    for seed in contest.seeds:
        workload = contest.workload(seed)
        if not workload.submissions:
            raise ZoeError(f"The workload {workload.name} has no application: there is nothing to simulate.")
        began(len(workload.submissions) * len(compared))
        for one in compared:
            _add(one, contest, workload.in_mode(one.case.mode), ended)
    return compared


def _add(one: Compared, contest: Contest, workload: Workload, ended: Progress) -> None:
    scheduler = Scheduler(contest.policies[one.case.policy](), contest.placements[one.case.placement]())
    outcome = simulate(workload, scheduler, ended, scheduler.half_life)
    if not one.results:
        one.course = outcome.timeline.thinned(POINTS)
    one.results.append(measure(outcome))
    one.turnarounds += _thinned(turnarounds(outcome.records))
    for complaint, count in scheduler.complaints.items():
        one.complaints[complaint] = one.complaints.get(complaint, 0) + count
    for record in outcome.records:
        if record.never is not None:
            one.never[record.never] = one.never.get(record.never, 0) + 1


def _thinned(times: list[float]) -> Iterator[float]:
    # Every n-th of the sorted times has the same distribution, and a plot of ten seeds stays small.
    return itertools.islice(sorted(times), 0, None, max(1, len(times) // _MOST_TIMES))
