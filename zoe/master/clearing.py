"""Clearing away what executions left behind: their ZApp types do it, on a pool of its own, as often as it takes."""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from zoe.master.entries import ExecutionEntry
from zoe.plugin import ZAppType
from zoe.state.clearing import Owed, cleared, owe, owed
from zoe.state.database import Database
from zoe.state.lifecycle import ENDED, Step

log = logging.getLogger(__name__)
_THREADS = 2
_LONGEST_PAUSE = 86_400.0


@dataclass(frozen=True, slots=True)
class _Turn:
    """Something to clear away, at a time (seconds since the epoch); `pause`: seconds to the turn after that."""

    owed: Owed
    at: float
    pause: float


@dataclass(slots=True)
class Clearing:
    """Has ZApp types clear away what their executions left; what is owed is a row until then, and outlives a crash.

    `ring` wakes the master; `pause`: seconds before the second attempt, twice as many before each further one.
    """

    database: Database
    zapp_types: Mapping[str, ZAppType]
    workspaces: Path
    ring: Callable[[], None]
    pause: float = 10.0
    _done: deque[tuple[_Turn, Exception | None]] = field(default_factory=deque)
    _turns: dict[int, _Turn] = field(default_factory=dict)
    _under_way: set[int] = field(default_factory=set)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_THREADS, thread_name_prefix="clear"))

    def __post_init__(self) -> None:
        asked = {name: kind for name, kind in self.zapp_types.items() if _clears(kind)}
        self.zapp_types = asked

    def begin(self) -> None:
        """Begin anew from the rows, as the master does."""
        self._turns.clear()
        if self.zapp_types:
            self._take(owed(self.database, self.zapp_types))

    def commit(self, board: Mapping[int, ExecutionEntry], steps: Sequence[Step], write: Callable[[], None]) -> None:
        """Have `write` commit these steps; what comes to be owed by them is written down in the same transaction."""
        over = [step.execution for step in steps if step.after in ENDED and self._may_leave(board.get(step.execution))]
        if not over:
            write()
            return
        with self.database.transaction():
            write()
            found = owe(self.database, over, self.zapp_types)
        self._take(found)

    def look(self, now: float) -> None:
        """Take up what has come of the attempts, and begin those whose turn it is."""
        if self._done:
            self._take_done(now)
        for turn in [turn for turn in self._turns.values() if turn.at <= now]:
            del self._turns[turn.owed.execution]
            self._under_way.add(turn.owed.execution)
            self._pool.submit(self._clear, turn)

    def due(self) -> float | None:
        """Return when the next turn is (seconds since the epoch); None: nothing waits for one."""
        return min((turn.at for turn in self._turns.values()), default=None)

    def close(self) -> None:
        """Begin no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _may_leave(self, execution: ExecutionEntry | None) -> bool:
        # Who is not on the board could not be read: its row knows what it was.
        return bool(self.zapp_types) and (execution is None or execution.row.zapp_type in self.zapp_types)

    def _take(self, found: Sequence[Owed]) -> None:
        for one in found:
            if one.execution not in self._under_way:
                self._turns[one.execution] = _Turn(one, 0.0, self.pause)

    def _take_done(self, now: float) -> None:
        gone: list[int] = []
        while self._done:
            turn, error = self._done.popleft()
            id_ = turn.owed.execution
            self._under_way.discard(id_)
            if error is None:
                gone.append(id_)
                continue
            words = "what execution %d of %s left was not cleared away; the next attempt is in %.0f s: %s"
            log.warning(words, id_, turn.owed.owner, turn.pause, error)
            self._turns[id_] = _Turn(turn.owed, now + turn.pause, min(2 * turn.pause, _LONGEST_PAUSE))
        if gone:
            cleared(self.database, gone)

    def _clear(self, turn: _Turn) -> None:
        one, error = turn.owed, None
        try:
            self.zapp_types[one.zapp_type].clear_away(one.execution, self.workspaces / one.owner)
        except Exception as raised:  # noqa: BLE001 - a plugin's; it is told with the next tick
            error = raised
        self._done.append((turn, error))
        self.ring()


def _clears(zapp_type: ZAppType) -> bool:
    return type(zapp_type).clear_away is not ZAppType.clear_away
