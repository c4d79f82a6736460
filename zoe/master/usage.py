"""What every owner held lately, for policies that ask: counted when executions end, and begun from the rows."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from zoe.scheduling.model import NOTHING, Node, Resources
from zoe.scheduling.usage import DecayedUsage
from zoe.state.active import held_by_ended
from zoe.state.database import Database

_REMEMBERED = 6.0
"""How many half-lives back the rows are read: what is older counts for less than two in a hundred."""


@dataclass(slots=True)
class UsageBook:
    """Counts shares of the cluster (of the resource that an owner holds most of). `half_life` in seconds.

    What runs is not counted: a policy sees that itself, and an order that moved with it would never come to rest.
    """

    database: Database
    half_life: float
    some_ended: bool = True
    _usage: DecayedUsage = field(init=False)
    _counted_until: float | None = None

    def __post_init__(self) -> None:
        self._usage = DecayedUsage(self.half_life)

    def at(self, now: float, nodes: Sequence[Node]) -> dict[str, float]:
        """Return the shares, by owner; what has ended since the last time is counted first."""
        if self.some_ended:
            self._count(now, sum((node.total for node in nodes), NOTHING))
        return self._usage.at(now)

    def _count(self, now: float, total: Resources) -> None:
        earliest = now - _REMEMBERED * self.half_life
        after = earliest if self._counted_until is None else self._counted_until
        for owner, cores, memory, gpus, since, until in held_by_ended(self.database, after, now):
            self._usage.add(owner, _share(Resources(cores, memory, gpus), total), max(since, earliest), until)
        self._counted_until, self.some_ended = now, False


def _share(amount: Resources, total: Resources) -> float:
    pairs = ((amount.cores, total.cores), (amount.memory, total.memory), (amount.gpus, total.gpus))
    return max((have / all_of_it for have, all_of_it in pairs if all_of_it), default=0.0)
