"""To everybody the same share."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import inf
from operator import attrgetter

from pydantic import Field

from zoe.plugin import Application, Deployment, Node, PluginSettings, Policy, Snapshot, hookimpl

_Amounts = tuple[float, float, float]
_Turn = tuple[float, float, str]
"""The least served comes first: the share of the resource that an owner holds most of, over what is due; when the
owner's next execution was submitted; the name."""


class FairshareSettings(PluginSettings):
    """How long the past counts."""

    half_life_hours: float = Field(24.0, gt=0, description="What somebody held so long ago counts half.")


_Asked = tuple[Application, float, float, float]
"""An execution, and what its core holds or will: cores, memory, GPUs."""


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

        self._known: dict[int, _Asked] = {}

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:  # noqa: ARG002
        """Order without knowing the cluster: as if it were what these executions reserve together."""
        asked = self._look_at(applications)
        return _deal(asked, {}, (sum(it[1] for it in asked), sum(it[2] for it in asked), sum(it[3] for it in asked)))

    def arrange(self, snapshot: Snapshot) -> Sequence[Application]:
        """Order, what was held lately counting."""
        return _deal(self._look_at(snapshot.applications), snapshot.usage, _total(snapshot.nodes))

    def _look_at(self, applications: Sequence[Application]) -> list[_Asked]:
        """Return the executions in the order in which their owner has them served, with what counts of each."""
        before, known, asked = self._known, dict[int, _Asked](), list[_Asked]()
        for one in _in_turn(applications):
            found = before.get(one.id)
            if found is None or found[0] is not one:
                found = (one, *amounts(one))
            known[one.id] = found
            asked.append(found)
        # In one step: a watchdog may interrupt this anywhere.
        self._known = known
        return asked


def _in_turn(applications: Sequence[Application]) -> list[Application]:
    """Return those that run before those that wait, each by submission."""
    by_submission = attrgetter("submitted", "id")
    waiting = [one for one in applications if one.started is None and not one.running]
    running = [one for one in applications if one.started is not None or one.running]
    return sorted(running, key=by_submission) + sorted(waiting, key=by_submission)


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


def _deal(asked: Sequence[_Asked], usage: Mapping[str, float], total: _Amounts) -> list[Application]:
    """Let the least served owner have the next one, again and again."""
    queues: dict[str, list[_Asked]] = {}
    for it in asked:
        queues.setdefault(it[0].owner, []).append(it)
    turns: list[_Turn] = [
        (usage.get(name, 0.0) / _due(queue[0][0]), queue[0][0].submitted, name) for name, queue in queues.items()
    ]
    heapq.heapify(turns)
    served = {name: _serve(name, queue, usage.get(name, 0.0), total).__next__ for name, queue in queues.items()}
    dealt: list[Application] = []
    while turns:
        one, following = served[turns[0][2]]()
        dealt.append(one)
        if following is None:
            heapq.heappop(turns)
        else:
            heapq.heapreplace(turns, following)
    return dealt


def _serve(
    name: str, queue: Sequence[_Asked], lately: float, total: _Amounts
) -> Iterator[tuple[Application, _Turn | None]]:
    """Give an owner one execution after the other, each with the owner's next turn."""
    # What the cluster has nothing of makes nobody's share larger.
    all_cores, all_memory, all_gpus = (amount or inf for amount in total)
    cores = memory = gpus = 0.0
    for (one, more_cores, more_memory, more_gpus), following in pairwise(queue):
        cores, memory, gpus = cores + more_cores, memory + more_memory, gpus + more_gpus
        share = lately + max(cores / all_cores, memory / all_memory, gpus / all_gpus)
        yield one, (share / _due(one) if one.priority else share, following[0].submitted, name)
    yield queue[-1][0], None


def _due(one: Application) -> float:
    """Return the share that an owner of this execution's priority is due, as a multiple of others'."""
    return 1.0 + one.priority if one.priority >= 0 else 1.0 / (1.0 - one.priority)


@hookimpl
def zoe_policy() -> type[Policy]:
    """Offer the policy `fairshare`."""
    return Fairshare
