"""What every owner held lately, for policies that ask: kept from pass to pass, and begun from the rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from zoe.scheduling.model import NOTHING, Application, Node, Resources
from zoe.scheduling.usage import DecayedUsage
from zoe.state.active import held_since
from zoe.state.database import Database

_REMEMBERED = 6.0
"""How many half-lives back the rows are read: what is older counts for less than two in a hundred."""


@dataclass(slots=True)
class UsageBook:
    """Counts shares of the cluster (of the resource that an owner holds most of). `half_life` in seconds."""

    database: Database
    half_life: float
    _usage: DecayedUsage = field(init=False)
    _counted_until: float | None = None

    def __post_init__(self) -> None:
        self._usage = DecayedUsage(self.half_life)

    def at(self, now: float, applications: Iterable[Application], nodes: Sequence[Node]) -> dict[str, float]:
        """Count what these executions have held since the last time; return the shares, by owner."""
        total = sum((node.total for node in nodes), NOTHING)
        if self._counted_until is None:
            self._begin(now, total)
        since = now if self._counted_until is None else self._counted_until
        for owner, amount in _held(applications).items():
            self._usage.add(owner, _share(amount, total), since, now)
        self._counted_until = now
        return self._usage.at(now)

    def _begin(self, now: float, total: Resources) -> None:
        earliest = now - _REMEMBERED * self.half_life
        for owner, cores, memory, gpus, since, until in held_since(self.database, earliest, now):
            self._usage.add(owner, _share(Resources(cores, memory, gpus), total), max(since, earliest), until)


def _held(applications: Iterable[Application]) -> dict[str, Resources]:
    held: dict[str, Resources] = {}
    for application in applications:
        if application.running and not application.opportunistic:
            amount = sum((part.reserved for part in application.parts if part.node is not None), NOTHING)
            held[application.owner] = held.get(application.owner, NOTHING) + amount
    return held


def _share(amount: Resources, total: Resources) -> float:
    pairs = ((amount.cores, total.cores), (amount.memory, total.memory), (amount.gpus, total.gpus))
    return max((have / all_of_it for have, all_of_it in pairs if all_of_it), default=0.0)
