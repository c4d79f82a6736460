"""What is simulated: the nodes of a cluster, and the applications that arrive one after the other."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from random import Random

from zoe.errors import Fault, FaultyDocumentError
from zoe.scheduling.model import NOTHING, Estimate, Node, Resources

TASK_SECONDS = 60.0
"""How long one task of a service is, if nobody says: what a service that is taken back can lose at most."""


class WorkloadInvalidError(FaultyDocumentError):
    """The workload cannot be simulated."""


class Kind(StrEnum):
    """The class of an application: each has measures of its own."""

    ELASTIC = "elastic"
    RIGID = "rigid"
    INTERACTIVE = "interactive"


class Mode(StrEnum):
    """Whether elastic services are elastic, or everything is core: what the field's schedulers know."""

    FLEXIBLE = "flexible"
    RIGID = "rigid"


@dataclass(frozen=True, slots=True)
class Group:
    """Services of one kind. `rate`: the work that one of them does each second."""

    name: str
    count: int
    reserved: Resources
    core: bool
    rate: float
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Submission:
    """An application that arrives at `at` (seconds) and ends when its services have done its `work`.

    `work` has the unit of `rate` times seconds: core-seconds where the rate of a service is its cores.
    `task_seconds`: the length of the tasks that services work in; 0 if a service that is taken back loses nothing.
    `expected`: how long the scheduler thinks it runs; see `Workload.with_estimates`.
    """

    id: int
    at: float
    kind: Kind
    groups: tuple[Group, ...]
    work: float
    task_seconds: float = TASK_SECONDS
    owner: str = "nobody"
    size: int = 1
    priority: int = 0
    opportunistic: bool = False
    expected: Estimate | None = None

    @property
    def full_rate(self) -> float:
        """The work per second with all services."""
        return sum(group.count * group.rate for group in self.groups)

    @property
    def ideal_seconds(self) -> float:
        """How long it takes alone on a cluster that is large enough."""
        return self.work / self.full_rate

    @property
    def demand(self) -> Resources:
        """What all services together reserve."""
        reserved = (group.reserved for group in self.groups for _ in range(group.count))
        return sum(reserved, NOTHING)

    def as_rigid(self) -> "Submission":
        """Return the same application with nothing elastic about it."""
        return replace(self, groups=tuple(replace(group, core=True) for group in self.groups))


@dataclass(frozen=True, slots=True)
class Workload:
    """A cluster and what is submitted to it, in the order of time. `remarks`: what its reader left out or made up."""

    name: str
    nodes: Sequence[Node]
    submissions: Sequence[Submission]
    remarks: Sequence[str] = field(default=())

    def in_mode(self, mode: Mode) -> "Workload":
        """Return it with elastic services as they are, or with none."""
        if mode is Mode.FLEXIBLE:
            return self
        return replace(self, submissions=[submission.as_rigid() for submission in self.submissions])

    def on(self, nodes: Sequence[Node]) -> "Workload":
        """Return it on another cluster."""
        return replace(self, nodes=nodes)

    def with_estimates(self, random: Random, error: float) -> "Workload":
        """Return it with what a scheduler may think each application takes: the time with all services, and an error.

        The true time is multiplied by a log-normal factor whose logarithm has the deviation `error`: 0 for exact
        estimates, 0.5 for two of three within a factor of 1.65. `low` and `high` hold four of five.
        """
        return replace(
            self, submissions=[_estimated(one, random.gauss(0, 1) * error, error) for one in self.submissions]
        )

    @property
    def offered_load(self) -> float:
        """What is asked for while applications arrive, as a share of the cluster: of its scarcer resource.

        Above 1 the queue grows without end. 0 where all is submitted at one moment, or the cluster has nothing.
        """
        if not self.submissions:
            return 0.0
        seconds = self.submissions[-1].at - self.submissions[0].at
        return demanded_seconds(self.submissions, self.nodes) / seconds if seconds > 0 else 0.0

    def at_load(self, load: float) -> "Workload":
        """Return it with all gaps between submissions stretched or shrunk alike, so that `offered_load` is `load`."""
        factor = self.offered_load / load
        if not factor:
            return self
        first = self.submissions[0].at
        moved = [replace(one, at=first + (one.at - first) * factor) for one in self.submissions]
        return replace(self, submissions=moved)


def _estimated(one: Submission, off: float, error: float) -> Submission:
    seconds = one.ideal_seconds * math.exp(off)
    spread = math.exp(1.2816 * error)  # the quantile of the normal distribution that leaves a tenth above it
    return replace(one, expected=Estimate(seconds, seconds / spread, seconds * spread))


def demanded_seconds(submissions: Iterable[Submission], nodes: Sequence[Node]) -> float:
    """Return how long the whole cluster would be busy with all of it, if nothing were ever wasted."""
    total = sum((node.total for node in nodes if node.open), NOTHING)
    cores = memory = 0.0
    for submission in submissions:
        demand, seconds = submission.demand, submission.ideal_seconds
        cores += demand.cores * seconds
        memory += demand.memory * seconds
    shares = [need / have for need, have in ((cores, total.cores), (memory, total.memory)) if have > 0]
    return max(shares, default=0.0)


def check(submissions: Sequence[Submission]) -> None:
    """Raise `WorkloadInvalidError` with all that cannot be: a clock that goes back, work that nobody does."""
    faults = [Fault(f"application {one.id}", words) for one in submissions if (words := _fault(one))]
    for before, after in itertools.pairwise(submissions):
        if after.at < before.at:
            words = f"submitted at {after.at:g} s, before application {before.id} ({before.at:g} s) ahead of it"
            faults.append(Fault(f"application {after.id}", f"{words}: the clock goes back; sort by time"))
    if len({one.id for one in submissions}) < len(submissions):
        faults.append(Fault("", "two applications have one id"))
    if faults:
        raise WorkloadInvalidError(faults)


def _fault(one: Submission) -> str:
    if not (math.isfinite(one.at) and math.isfinite(one.work) and one.work >= 0):
        return "its time and its work must be numbers, and its work not negative"
    if not any(group.core and group.count > 0 and group.rate > 0 for group in one.groups):
        return "none of its core services does any work, so it might never end"
    if any(group.rate < 0 or group.count < 0 for group in one.groups):
        return "a rate or a number of services is negative"
    return ""
