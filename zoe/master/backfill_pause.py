"""How long a backfill is left alone after its executions have failed. Pure."""

from dataclasses import dataclass

FIRST_S = 60.0
LONGEST_S = 3600.0


@dataclass(slots=True)
class Pause:
    """After a failure nothing starts for a while, longer with each; then one execution alone shows whether it is over.

    A whole cluster of executions that fail together counts once. One that ends well clears all.
    """

    failures: int = 0
    until: float = 0.0
    _tried: bool = False

    @property
    def seconds(self) -> float:
        """Return how long the present pause is."""
        return float(min(FIRST_S * 2 ** min(self.failures - 1, 20), LONGEST_S)) if self.failures else 0.0

    def failed(self, now: float) -> bool:
        """Take up that an execution failed; tell whether that begins a new pause."""
        if now < self.until:
            return False
        self.failures += 1
        self.until, self._tried = now + self.seconds, False
        return True

    def went_well(self) -> bool:
        """Take up that an execution has ended well; tell whether that ends a bad time."""
        was_bad = self.failures > 0
        self.failures, self.until, self._tried = 0, 0.0, False
        return was_bad

    def most(self, now: float) -> int | None:
        """Return how many may start now; None: as many as there is room for."""
        if not self.failures:
            return None
        if now < self.until:
            if self.until - now > self.seconds:  # the clock was put back
                self.until = now + self.seconds
            return 0
        if self._tried and now < self.until + self.seconds:
            return 0
        return None if self._tried else 1

    def started(self) -> None:
        """Take up that the one execution of a trial starts."""
        self._tried = True

    def due(self) -> float | None:
        """Return when something may start again."""
        return (self.until + (self.seconds if self._tried else 0.0)) if self.failures else None
