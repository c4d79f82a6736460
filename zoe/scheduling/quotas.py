"""Quotas: whose executions are held in the queue, and how much of the elastic an owner may have."""

from collections.abc import Mapping
from enum import Enum

from zoe.scheduling.model import Quota, Resources
from zoe.scheduling.register import Known
from zoe.scheduling.tallies import Tallies, Tally
from zoe.scheduling.vectors import Vector, of, plus


class Limit(Enum):
    """What of a quota is used up. The value is how one speaks of it."""

    EXECUTIONS = "running executions"
    CORES = "cores"
    MEMORY = "memory"


class Quotas:
    """The quotas during a pass, with what the pass itself gives."""

    def __init__(self, quotas: Mapping[str, Quota], tallies: Tallies) -> None:
        self._quotas = quotas
        self._tallies = tallies
        self._mine: dict[str, Tally] = {}

    def limit(self, known: Known) -> Limit | None:
        """Return what forbids an execution's core to start; its owner's elastic services give way to it."""
        quota = self._quotas.get(known.app.owner)
        if quota is None or known.gang is None:
            return None
        tally = self._of(known.app.owner)
        if quota.executions and not known.app.running and tally.executions >= quota.executions:
            return Limit.EXECUTIONS
        return _exceeded(quota, plus(tally.firm, total(known)))

    def overdraft(self, known: Known) -> bool:
        """Tell whether elastic services of the owner must give way before an execution's core can start."""
        quota = self._quotas.get(known.app.owner)
        if quota is None:
            return False
        tally = self._of(known.app.owner)
        return _exceeded(quota, plus(plus(tally.firm, tally.loose), total(known))) is not None

    def must_wait(self, known: Known) -> bool:
        """Tell whether an execution's core would fit the quota if what is leaving were gone."""
        quota = self._quotas.get(known.app.owner)
        if quota is None:
            return False
        tally = self._of(known.app.owner)
        return _exceeded(quota, plus(plus(plus(tally.firm, tally.loose), tally.leaving), total(known))) is not None

    def allows(self, owner: str, need: Vector, most: int) -> int:
        """Return how many more elastic services of a kind an owner may have, at most `most`."""
        quota = self._quotas.get(owner)
        if quota is None:
            return most
        tally = self._of(owner)
        held = plus(plus(tally.firm, tally.loose), tally.leaving)
        for given in range(most):
            held = plus(held, need)
            if _exceeded(quota, held) is not None:
                return given
        return most

    def give(self, known: Known) -> None:
        """Count an execution's core, started or promised."""
        if known.app.owner in self._quotas and known.gang is not None:
            tally = self._of(known.app.owner)
            tally.executions += not known.app.running
            tally.firm = plus(tally.firm, total(known))

    def give_elastic(self, owner: str, need: Vector, count: int) -> None:
        """Count elastic services that start."""
        if owner in self._quotas:
            tally = self._of(owner)
            for _ in range(count):
                tally.loose = plus(tally.loose, need)

    def take_back(self, owner: str, need: Vector) -> None:
        """Count an elastic service that is told to stop: it still holds what it has."""
        if owner in self._quotas:
            tally = self._of(owner)
            tally.loose = tally.loose[0] - need[0], tally.loose[1] - need[1], tally.loose[2] - need[2]
            tally.leaving = plus(tally.leaving, need)

    def _of(self, owner: str) -> Tally:
        if owner not in self._mine:
            self._mine[owner] = self._tallies.of(owner).copy()
        return self._mine[owner]


def exceeds_by_itself(quota: Quota, known: Known) -> bool:
    """Tell whether an execution's core is more than the quota allows at all."""
    return _exceeded(quota, total(known)) is not None


def total(known: Known) -> Vector:
    """Return what the core parts without a place reserve together."""
    needs = [shape.need for shape in known.gang.shapes] if known.gang else []
    return sum(n[0] for n in needs), sum(n[1] for n in needs), sum(n[2] for n in needs)


def _exceeded(quota: Quota, held: Vector) -> Limit | None:
    cores, memory, _ = of(Resources(quota.cores, quota.memory))
    if cores and held[0] > cores:
        return Limit.CORES
    if memory and held[1] > memory:
        return Limit.MEMORY
    return None
