"""Telling those who wait why, and how long: the first in the queue, and at most once a second."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice

from msgspec import to_builtins

from zoe.scheduling.model import Wait
from zoe.state.active import write_waits
from zoe.state.database import Database

TOLD = 50
"""How many are told. Who stands further behind is told only how many are ahead."""
_PAUSE = 1.0
_COARSE = 10.0
"""Expected times are told in steps of so many seconds: otherwise each pass would change them all."""


@dataclass(slots=True)
class WaitingRoom:
    """Writes what changed of the reasons since they were last written."""

    database: Database
    _waits: Mapping[int, Wait] = field(default_factory=dict)
    _written: dict[int, dict[str, object]] = field(default_factory=dict)
    _fresh: bool = False
    _next: float = 0.0

    def take(self, waits: Mapping[int, Wait]) -> None:
        """Remember the reasons of the latest pass."""
        self._waits, self._fresh = waits, True

    def tell(self, now: float) -> None:
        """Write what changed, if it is time."""
        if not self._fresh or now < self._next:
            return
        self._fresh, self._next = False, now + _PAUSE
        told = {id_: _document(self._waits[id_], now) for id_ in islice(self._waits, TOLD)}
        before, self._written = self._written, told
        changed = {id_: told.get(id_) for id_ in before.keys() | told.keys() if before.get(id_) != told.get(id_)}
        if changed:
            write_waits(self.database, changed)

    def due(self) -> float | None:
        """Return when something is to be written (seconds since the epoch)."""
        return self._next if self._fresh else None


def _document(wait: Wait, now: float) -> dict[str, object]:
    document: dict[str, object] = to_builtins(wait)
    if wait.start is not None:
        document["start"] = {
            "expected": _coarse(now + wait.start.seconds),
            "earliest": _coarse(now + wait.start.low),
            "latest": _coarse(now + wait.start.high),
        }
    return document


def _coarse(time: float) -> float:
    return round(time / _COARSE) * _COARSE
