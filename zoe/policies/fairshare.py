"""To everybody the same share."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from math import inf
from operator import is_

from pydantic import Field

from zoe.plugin import Application, Deployment, Node, PluginSettings, Policy, Snapshot, hookimpl

_Amounts = tuple[float, float, float]
_Asked = tuple[Application, float, float, float]
"""An execution, and what its core holds or will: cores, memory, GPUs."""
_Turn = tuple[float, float, str]
"""The least served comes first: the share of the resource that an owner holds most of, over what is due; when the
execution was submitted; the owner's name."""


class FairshareSettings(PluginSettings):
    """How long the past counts."""

    half_life_hours: float = Field(24.0, gt=0, description="What somebody held so long ago counts half.")


class Fairshare(Policy):
    """Serves whoever holds the smallest share of the cluster, now and lately (dominant resource fairness).

    A share is that of the resource an owner's core services hold most of. An owner of priority 1 is due twice the
    share, of 2 three times. Of one owner's executions the first submitted comes first.
    """

    name = "fairshare"
    Settings = FairshareSettings

    def __init__(self, settings: FairshareSettings, deployment: Deployment) -> None:
        super().__init__(settings, deployment)
        self.half_life = settings.half_life_hours * 3600
        """Seconds; whoever makes the snapshots keeps `usage` with it."""
        self._queues: dict[str, _Queue] = {}

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:  # noqa: ARG002
        """Order without knowing the cluster: as if it were what these executions reserve together."""
        held = [amounts(one) for one in applications]
        return self._deal(applications, {}, (sum(a[0] for a in held), sum(a[1] for a in held), sum(a[2] for a in held)))

    def arrange(self, snapshot: Snapshot) -> Sequence[Application]:
        """Order, what was held lately counting."""
        return self._deal(snapshot.applications, snapshot.usage, _total(snapshot.nodes))

    def _deal(
        self, applications: Sequence[Application], usage: Mapping[str, float], total: _Amounts
    ) -> list[Application]:
        """Let the least served owner have the next one, again and again."""
        # In one step: a watchdog may interrupt this anywhere.
        self._queues = queues = self._look_at(applications, total)
        turns = [turn for name, queue in queues.items() for turn in queue.turns(name, usage.get(name, 0.0))]
        dealt = [one for queue in queues.values() for one in queue.ordered]
        # Stable: those of one owner keep their order.
        return [dealt[place] for place in sorted(range(len(dealt)), key=turns.__getitem__)]

    def _look_at(self, applications: Sequence[Application], total: _Amounts) -> dict[str, "_Queue"]:
        given: dict[str, list[Application]] = {}
        for one in applications:
            given.setdefault(one.owner, []).append(one)
        queues: dict[str, _Queue] = {}
        for name, theirs in given.items():
            before = self._queues.get(name)
            kept = before is not None and before.is_for(theirs, total)
            queues[name] = before if before is not None and kept else _Queue(theirs, total, before)
        return queues


class _Queue:
    """One owner's executions in their order; it is good for as long as they are the same and the cluster is.

    `_shares`: of the cluster, with what comes before each. `_dues`: over what that counts.
    """

    __slots__ = ("_dues", "_given", "_known", "_shares", "_total", "ordered")

    def __init__(self, given: list[Application], total: _Amounts, before: "_Queue | None") -> None:
        self._given, self._total = given, total
        self.ordered = sorted(given, key=_place)
        known: dict[int, _Asked] = {} if before is None else before._known
        self._known: dict[int, _Asked] = {one.id: _asked(one, known.get(one.id)) for one in self.ordered}
        self._shares = [0.0, *_shares(self._known.values(), total)]
        dues = [_due(one) for one in self.ordered]
        self._dues = [dues[0], *dues]

    def is_for(self, given: Sequence[Application], total: _Amounts) -> bool:
        """Tell whether it holds these very executions."""
        return total == self._total and len(given) == len(self._given) and all(map(is_, given, self._given))

    def turns(self, name: str, lately: float) -> Iterator[_Turn]:
        """Return when each has its turn: none comes before one that stands ahead of it."""
        lots = zip(self.ordered, self._shares, self._dues, strict=False)
        return accumulate([((lately + share) / due, one.submitted, name) for one, share, due in lots], max)


def _place(one: Application) -> tuple[bool, float, int]:
    """Those that run come before those that wait, each by submission."""
    return one.started is None and not one.running, one.submitted, one.id


def _asked(one: Application, before: _Asked | None) -> _Asked:
    return before if before is not None and before[0] is one else (one, *amounts(one))


def amounts(one: Application) -> _Amounts:
    """Return what an execution's core holds, or will: cores, memory, GPUs.

    Elastic services do not count: they are what nobody else needs, and an order that followed them would change with
    each that is given or taken back, which changes what is given or taken back.
    """
    cores = memory = gpus = 0.0
    for part in one.parts:
        if part.core:
            reserved = part.reserved
            cores, memory, gpus = cores + reserved.cores, memory + reserved.memory, gpus + reserved.gpus
    return cores, memory, gpus


def _total(nodes: Sequence[Node]) -> _Amounts:
    totals = [node.total for node in nodes if node.open]
    return sum(t.cores for t in totals), sum(t.memory for t in totals), sum(t.gpus for t in totals)


def _shares(asked: Iterable[_Asked], total: _Amounts) -> Iterator[float]:
    """Return the share of the resource that an owner holds most of, after each execution."""
    # What the cluster has nothing of makes nobody's share larger.
    all_cores, all_memory, all_gpus = (amount or inf for amount in total)
    cores = memory = gpus = 0.0
    for _, more_cores, more_memory, more_gpus in asked:
        cores, memory, gpus = cores + more_cores, memory + more_memory, gpus + more_gpus
        yield max(cores / all_cores, memory / all_memory, gpus / all_gpus)


def _due(one: Application) -> float:
    """Return the share that an owner of this execution's priority is due, as a multiple of others'."""
    return 1.0 + one.priority if one.priority >= 0 else 1.0 / (1.0 - one.priority)


@hookimpl
def zoe_policy() -> type[Policy]:
    """Offer the policy `fairshare`."""
    return Fairshare
