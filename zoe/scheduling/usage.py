"""What owners held lately: an average in which the past counts ever less."""

from math import exp, log


class DecayedUsage:
    """For each owner the mean share of the cluster held until now; what was held a half-life ago counts half.

    An owner who holds the whole cluster for ever comes to 1. Seconds everywhere.
    """

    def __init__(self, half_life: float) -> None:
        self._rate = log(2) / half_life
        self._of: dict[str, tuple[float, float]] = {}

    def add(self, owner: str, share: float, since: float, until: float) -> None:
        """Count a share (0 to 1) that an owner held from `since` to `until`; in any order, but each only once."""
        mean, at = self._of.get(owner, (0.0, until))
        latest = max(at, until)
        held = share * (self._left(latest - until) - self._left(latest - min(since, until)))
        self._of[owner] = mean * self._left(latest - at) + held, latest

    def at(self, now: float) -> dict[str, float]:
        """Return the mean shares at a time that is not before any that was counted."""
        return {owner: mean * self._left(max(0.0, now - at)) for owner, (mean, at) in self._of.items()}

    def _left(self, age: float) -> float:
        return exp(-self._rate * age)
