"""To everybody the same share."""

import heapq
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import Field

from zoe.plugin import Application, Deployment, Node, PluginSettings, Policy, Snapshot, hookimpl

_Amounts = tuple[float, float, float]


class FairshareSettings(PluginSettings):
    """How long the past counts."""

    half_life_hours: float = Field(24.0, gt=0, description="What somebody held so long ago counts half.")


class _Owner(NamedTuple):
    """The least served comes first. `share`: of the resource that the owner holds most of, over what is due."""

    share: float
    since: float
    name: str


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

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:  # noqa: ARG002
        """Order without knowing the cluster: as if it were what these executions reserve together."""
        held = [amounts(one) for one in applications]
        return _deal(applications, {}, (sum(a[0] for a in held), sum(a[1] for a in held), sum(a[2] for a in held)))

    def arrange(self, snapshot: Snapshot) -> Sequence[Application]:
        """Order, what was held lately counting."""
        return _deal(snapshot.applications, snapshot.usage, _total(snapshot.nodes))


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


def _deal(applications: Sequence[Application], usage: Mapping[str, float], total: _Amounts) -> list[Application]:
    """Let the least served owner have the next one, again and again; those that run come before those that wait."""
    queues: dict[str, list[Application]] = {}
    for one in sorted(applications, key=lambda one: (one.started is None and not one.running, one.submitted, one.id)):
        queues.setdefault(one.owner, []).append(one)
    owners = [_Owner(usage.get(name, 0.0) / _due(queue[0]), queue[0].submitted, name) for name, queue in queues.items()]
    heapq.heapify(owners)
    held = dict.fromkeys(queues, (0.0, 0.0, 0.0))
    place = dict.fromkeys(queues, 0)
    dealt: list[Application] = []
    while owners:
        name = owners[0].name
        one = queues[name][place[name]]
        dealt.append(one)
        place[name] += 1
        if place[name] == len(queues[name]):
            heapq.heappop(owners)
            continue
        mine, more = held[name], amounts(one)
        held[name] = mine = mine[0] + more[0], mine[1] + more[1], mine[2] + more[2]
        share = usage.get(name, 0.0) + max(have / all_ if all_ else 0.0 for have, all_ in zip(mine, total, strict=True))
        heapq.heapreplace(owners, _Owner(share / _due(one), queues[name][place[name]].submitted, name))
    return dealt


def _due(one: Application) -> float:
    return 1.0 + one.priority if one.priority >= 0 else 1.0 / (1.0 - one.priority)


@hookimpl
def zoe_policy() -> type[Policy]:
    """Offer the policy `fairshare`."""
    return Fairshare
