"""What is measured: for each class of applications, and over the repetitions with other random numbers."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from zoe.simulation.engine import Outcome, Record
from zoe.simulation.workload import Kind

ALL = "all"
SHORTEST = 10.0
"""The threshold of the bounded slowdown, seconds: below it a job counts as if it took so long.

Source: D. Feitelson, L. Rudolph, U. Schwiegelshohn, K. Sevcik, P. Wong, "Theory and Practice in Parallel Job
Scheduling", JSSPP 1997.
"""


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution. NaN where there is nothing to measure."""

    mean: float
    median: float
    p95: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        """Measure values; percentiles by nearest rank."""
        ordered = sorted(values)
        if not ordered:
            return cls(math.nan, math.nan, math.nan)
        return cls(fmean(ordered), _rank(ordered, 50), _rank(ordered, 95))


@dataclass(frozen=True, slots=True)
class Measures:
    """Of one class in one simulation. Seconds; the times are of those that ended.

    `slowdown`: turnaround over the time it takes alone with all services, both at least 10 s (bounded slowdown).
    `taken`: services taken back. `lost`: the share of all work done that was lost by it.
    """

    count: int
    never: int
    turnaround: Spread
    queued: Spread
    slowdown: Spread
    taken: int
    lost: float


@dataclass(frozen=True, slots=True)
class Results:
    """Of one simulation. The averages are over the time while applications arrive: of a full house, not its closing.

    `cores`, `memory`: allocated shares. `waiting`: the length of the queue. `makespan`: seconds until the last end.
    """

    classes: dict[str, Measures]
    cores: float
    memory: float
    waiting: float
    makespan: float
    plans: int


def measure(outcome: Outcome) -> Results:
    """Measure one simulation."""
    records = outcome.records
    classes = {ALL: _of(records)}
    for kind in Kind:
        if own := [record for record in records if record.submission.kind is kind]:
            classes[kind.value] = _of(own)
    first, last = (records[0].submission.at, records[-1].submission.at) if records else (0.0, 0.0)
    end = max((record.ended for record in records if record.ended is not None), default=first)
    # All at one moment: then the time until all have ended is the only time there is.
    waiting, cores, memory = outcome.timeline.mean(first, last if last > first else end)
    return Results(classes, cores, memory, waiting, end - first, outcome.plans)


def turnarounds(records: Iterable[Record]) -> list[float]:
    """Return how long each took that ended, from submission to end, seconds."""
    return [record.ended - record.submission.at for record in records if record.ended is not None]


def _of(records: Sequence[Record]) -> Measures:
    ended = [record for record in records if record.ended is not None]
    lost = sum(record.lost for record in records)
    work = sum(record.submission.work for record in ended) + lost
    return Measures(
        len(records),
        len(records) - len(ended),
        Spread.of(turnarounds(ended)),
        Spread.of(record.started - record.submission.at for record in records if record.started is not None),
        Spread.of(slowdown(record) for record in ended),
        sum(record.taken for record in records),
        lost / work if work else 0.0,
    )


def slowdown(record: Record) -> float:
    """Return the bounded slowdown of an application that ended."""
    took = (record.ended or 0.0) - record.submission.at
    return max(took, SHORTEST) / max(record.submission.ideal_seconds, SHORTEST)


def _rank(ordered: Sequence[float], percent: int) -> float:
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


@dataclass(frozen=True, slots=True)
class OverSeeds:
    """One figure over the repetitions: its mean, and its standard deviation (0 for a single one)."""

    mean: float
    deviation: float


def over_seeds(values: Sequence[float]) -> OverSeeds:
    """Return a figure over repetitions; those in which there was nothing to measure (NaN) do not count."""
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return OverSeeds(math.nan, math.nan)
    return OverSeeds(fmean(known), stdev(known) if len(known) > 1 else 0.0)
