"""What each owner's executions hold, for quotas."""

from dataclasses import dataclass

from zoe.scheduling.vectors import ZERO, Vector, plus


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

    def count(self, owner: str, executions: int, firm: Vector, loose: Vector, leaving: Vector) -> None:
        """Count by how much an owner has more than before, or less."""
        tally = self._of.get(owner)
        if tally is None:
            tally = self._of[owner] = Tally()
        tally.executions += executions
        tally.firm, tally.loose = plus(tally.firm, firm), plus(tally.loose, loose)
        tally.leaving = plus(tally.leaving, leaving)
        if not tally.executions:
            del self._of[owner]
