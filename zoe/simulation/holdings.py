"""What each owner holds, and held lately: what a policy that shares fairly goes by."""

from collections.abc import Mapping

from zoe.scheduling.model import NOTHING, Resources
from zoe.scheduling.usage import DecayedUsage


class Holdings:
    """Follows what owners hold, as shares of the cluster; without a half-life (seconds) it follows nothing."""

    def __init__(self, total: Resources, half_life: float | None) -> None:
        self._total = total
        self._usage = None if half_life is None else DecayedUsage(half_life)
        self.follows = half_life is not None
        self._held: dict[str, tuple[Resources, float]] = {}

    def take(self, owner: str, amount: Resources, now: float) -> None:
        """Count in what an owner holds from now on."""
        if self._usage is not None:
            self._held[owner] = self._until(owner, now) + amount, now

    def give_back(self, owner: str, amount: Resources, now: float) -> None:
        """Undo `take`."""
        if self._usage is not None:
            self._held[owner] = self._until(owner, now) - amount, now

    def at(self, now: float) -> Mapping[str, float]:
        """Return the shares that owners held on average lately."""
        if self._usage is None:
            return {}
        for owner in self._held:
            self._held[owner] = self._until(owner, now), now
        return self._usage.at(now)

    def _until(self, owner: str, now: float) -> Resources:
        held, since = self._held.get(owner, (NOTHING, now))
        if self._usage is not None and now > since:
            self._usage.add(owner, self._share(held), since, now)
        return held

    def _share(self, held: Resources) -> float:
        total = self._total
        pairs = ((held.cores, total.cores), (held.memory, total.memory), (held.gpus, total.gpus))
        return max((have / all_ for have, all_ in pairs if all_), default=0.0)
