"""Made-up workloads in the image of the one that flexible scheduling was first evaluated on.

Source of the shape: F. Pace, D. Venzano, D. Carra, P. Michiardi, "Flexible Scheduling of Distributed Analytic
Applications", CCGrid 2017: batch applications of which 80 % are elastic (as Spark is) and 20 % rigid (as distributed
TensorFlow is), and interactive ones (notebooks with workers behind them); nodes of 32 cores and 128 GB; bursts of
submissions with longer gaps between them; run times over several orders of magnitude. The numbers below are Zoe's
own choice, not the paper's: it sampled a trace that is not at hand here. docs/simulation.md lists them all.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from zoe.scheduling.model import Node, Resources
from zoe.simulation.workload import TASK_SECONDS, Group, Kind, Submission, Workload, demanded_seconds

_GB = 10**9


@dataclass(frozen=True, slots=True)
class Mix:
    """What is submitted. `load`: what is asked for while applications arrive, as a share of the cluster."""

    applications: int = 1000
    load: float = 0.9
    interactive: float = 0.2
    elastic: float = 0.8  # of the batch applications; the others are rigid
    task_seconds: float = TASK_SECONDS
    users: int = 20


def cluster(count: int = 25, cores: float = 32, memory: int = 128 * _GB) -> list[Node]:
    """Return nodes of one size: cores, bytes."""
    width = len(str(count))
    return [Node(f"node{number:0{width}}", Resources(cores, memory)) for number in range(1, count + 1)]


def generate(random: Random, mix: Mix = Mix(), nodes: Sequence[Node] | None = None) -> Workload:
    """Return a workload; the same random numbers give the same one."""
    nodes = cluster() if nodes is None else nodes
    drawn = [_submission(number, random, mix) for number in range(1, mix.applications + 1)]
    gaps = [_gap(random) for _ in drawn]
    # The load is met exactly: what is compared over seeds is the order of things, not how much there happened to be.
    unit = demanded_seconds(drawn, nodes) / mix.load / (sum(gaps[1:]) or 1.0)
    submissions, at = [], 0.0
    for one, gap in zip(drawn, [0.0, *gaps[1:]], strict=True):
        at += gap * unit
        submissions.append(replace(one, at=at))
    return Workload("synthetic", nodes, submissions)


def _gap(random: Random) -> float:
    # Bursts: four of five follow closely (a tenth of the mean of the others), exponential in themselves.
    return random.expovariate(1.0 if random.random() < 0.8 else 0.1)


def _submission(number: int, random: Random, mix: Mix) -> Submission:
    if random.random() < mix.interactive:
        kind, groups, seconds = Kind.INTERACTIVE, _notebook(random), _seconds(random, 1200, 0.8, 4 * 3600)
    elif random.random() < mix.elastic:
        kind, groups, seconds = Kind.ELASTIC, _spark(random), _seconds(random, 600, 1.3, 24 * 3600)
    else:
        kind, groups, seconds = Kind.RIGID, _training(random), _seconds(random, 600, 1.3, 24 * 3600)
    work = seconds * sum(group.count * group.rate for group in groups)
    owner = f"user{random.randrange(mix.users) + 1}"
    size = max(1, round(work / 60))  # as an honest owner would say it: core-minutes
    return Submission(number, 0.0, kind, groups, work, mix.task_seconds, owner, size)


def _seconds(random: Random, median: float, sigma: float, longest: float) -> float:
    # Log-normal, cut off: from half a minute to the longest.
    return min(max(random.lognormvariate(math.log(median), sigma), 30.0), longest)


def _spark(random: Random) -> tuple[Group, ...]:
    workers = Resources(random.choice((2, 4, 6)), random.choice((4, 8, 16, 24)) * _GB)
    elastic = round(min(max(random.lognormvariate(math.log(8), 0.8), 1), 40))
    return (
        Group("driver", 1, Resources(1, 4 * _GB), core=True, rate=0.0),
        Group("worker", 1, workers, core=True, rate=workers.cores),
        Group("more-workers", elastic, workers, core=False, rate=workers.cores),
    )


def _training(random: Random) -> tuple[Group, ...]:
    workers = Resources(random.choice((2, 4, 6)), random.choice((4, 8, 16, 24)) * _GB)
    return (
        Group("parameters", random.randint(1, 4), Resources(1, 8 * _GB), core=True, rate=0.0),
        Group("worker", random.randint(2, 12), workers, core=True, rate=workers.cores),
    )


def _notebook(random: Random) -> tuple[Group, ...]:
    workers = Resources(2, random.choice((4, 8)) * _GB)
    return (
        Group("notebook", 1, Resources(2, 8 * _GB), core=True, rate=2.0),
        Group("worker", 1, workers, core=True, rate=workers.cores),
        Group("more-workers", random.randint(0, 8), workers, core=False, rate=workers.cores),
    )
