"""Which room nobody has wanted for a while, and what fits into room. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zoe.scheduling.model import NOTHING, Resources


def least(one: Resources, other: Resources) -> Resources:
    """Return what both have."""
    return Resources(min(one.cores, other.cores), min(one.memory, other.memory), min(one.gpus, other.gpus))


@dataclass(slots=True)
class _Watched:
    """A node: what has been free long enough, and what is free in addition, since when, at the least."""

    settled: Resources = NOTHING
    lowest: Resources | None = None
    since: float = 0.0

    def look(self, free: Resources, now: float, seconds: float) -> None:
        self.settled = least(self.settled, free)
        self.lowest = least(self.lowest, free) if self.lowest is not None else None
        if self.lowest is not None and now - self.since >= seconds:
            self.settled, self.lowest = self.lowest, None
        if self.lowest is None and least(self.settled, free) != free:
            self.lowest, self.since = free, now
            if seconds <= 0:
                self.settled, self.lowest = free, None


@dataclass(slots=True)
class IdleWatch:
    """Tells what has been free on each node for at least `seconds`, as far as it has been looked at.

    Room that comes free a second time before then may take up to twice as long: it never counts too early.
    """

    seconds: float
    _nodes: dict[str, _Watched] = field(default_factory=dict)

    def look(self, free: Mapping[str, Resources], now: float) -> dict[str, Resources]:
        """Take in what is free now; return what has been for so long. `now` in seconds, of whatever clock."""
        self._nodes = {name: self._nodes.get(name) or _Watched() for name in free}
        for name, watched in self._nodes.items():
            watched.since = min(watched.since, now)  # the clock may have been put back
            watched.look(free[name], now, self.seconds)
        return {name: watched.settled for name, watched in self._nodes.items()}

    def due(self) -> float | None:
        """Return when room may have been free long enough, at the earliest."""
        times = [one.since + self.seconds for one in self._nodes.values() if one.lowest is not None]
        return min(times, default=None)


@dataclass(frozen=True, slots=True)
class Want:
    """What one service of an execution needs: an amount, and labels of its node."""

    reserved: Resources
    labels: frozenset[str] = frozenset()


@dataclass(slots=True)
class Rooms:
    """Room by node, and how much of it all may be taken; it shrinks as executions are let in."""

    free: dict[str, Resources]
    labels: Mapping[str, frozenset[str]]
    budget: Resources

    def let_in(self, wants: Sequence[Want]) -> bool:
        """Take the room for an execution, whole or not at all; tell whether there was any."""
        free, budget = dict(self.free), self.budget
        for want in wants:
            node = next((name for name in free if self._fits(free[name], name, want)), None)
            if node is None or not _within(budget, want.reserved):
                return False
            free[node], budget = free[node] - want.reserved, budget - want.reserved
        self.free, self.budget = free, budget
        return True

    def _fits(self, free: Resources, name: str, want: Want) -> bool:
        return free.holds(want.reserved) and want.labels <= self.labels.get(name, frozenset())


def _within(budget: Resources, need: Resources) -> bool:
    # A share is one of cores and memory; of GPUs few machines have any.
    return need.cores <= budget.cores + 1e-6 and need.memory <= budget.memory
