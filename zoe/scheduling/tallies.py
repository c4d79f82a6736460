"""What each owner's executions hold, for quotas."""

from dataclasses import dataclass

from zoe.scheduling.vectors import ZERO, Vector, minus, plus


@dataclass(slots=True)
class Tally:
    """One owner's running executions, and what they hold: for good, at call, and not for long any more."""

    executions: int = 0
    firm: Vector = ZERO
    loose: Vector = ZERO
    leaving: Vector = ZERO

    def copy(self) -> "Tally":
        """Return one that may be changed."""
        return Tally(self.executions, self.firm, self.loose, self.leaving)


class Tallies:
    """All owners' tallies."""

    def __init__(self) -> None:
        self._of: dict[str, Tally] = {}

    def of(self, owner: str) -> Tally:
        """Return an owner's tally, to look at."""
        return self._of.get(owner) or Tally()

    def count(self, owner: str, sign: int, firm: Vector, loose: Vector, leaving: Vector) -> None:
        """Count one execution in (`sign` 1) or out (-1)."""
        tally = self._of.setdefault(owner, Tally())
        move = plus if sign > 0 else minus
        tally.executions += sign
        tally.firm, tally.loose = move(tally.firm, firm), move(tally.loose, loose)
        tally.leaving = move(tally.leaving, leaving)
        if not tally.executions:
            del self._of[owner]
