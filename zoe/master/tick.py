"""One round of the master: observe, reconcile, schedule, commit, and only then call."""

from collections.abc import Callable
from dataclasses import dataclass, field

from zoe.master.board import Board
from zoe.master.calls import BackendCalls
from zoe.master.entries import ExecutionEntry
from zoe.master.hearing import Hearing
from zoe.master.intake import take_submitted, take_unfinished
from zoe.master.ledger import Ledger
from zoe.master.observe import Observer
from zoe.master.progress import ProgressWatch
from zoe.master.reconcile import reconcile
from zoe.master.schedule import Scheduler
from zoe.plugin import ExecutionChange
from zoe.state.active import to_stop, write_progress, write_waits
from zoe.state.database import Database
from zoe.state.lifecycle import ENDED, Status

_LOOK_AGAIN = 2.0


@dataclass(slots=True)
class Round:
    """The state of the master between two ticks. `resync_seconds`: how often the backend is asked for all it has."""

    database: Database
    calls: BackendCalls
    observer: Observer
    scheduler: Scheduler
    progress: ProgressWatch
    announce: Callable[[ExecutionChange], None]
    resync_seconds: float
    hearing: Hearing = field(init=False)
    _next_look: float = 0.0
    _next_progress: float | None = None
    _waits: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.hearing = Hearing(self.database, self.calls, self.observer, Board())

    @property
    def board(self) -> dict[int, ExecutionEntry]:
        """The executions that have not ended, by id."""
        return self.hearing.board.executions

    def reload(self, now: float) -> None:
        """Forget everything and read what has not ended; the backend is asked for all it has before anything moves."""
        self.calls.drain()
        self.calls.inbox.clear()
        self.hearing = Hearing(self.database, self.calls, self.observer, Board())
        self._waits, self._next_look = {}, 0.0
        ledger = Ledger(now)
        for execution in take_unfinished(self.database, ledger):
            self.hearing.board.admit(execution)
        ledger.commit(self.database)

    def tick(self, now: float) -> None:
        """Take everything as far as it can go now."""
        ledger = Ledger(now)
        self._look(now)
        self._take_wishes(ledger)
        while self.calls.inbox:
            self.hearing.hear(self.calls.inbox.popleft(), ledger)
        for execution in self.hearing.board.due(now):
            ledger.touch(execution)
        self._reconcile(ledger)
        waits = self._schedule(ledger)
        self._reconcile(ledger)
        ledger.commit(self.database)
        self._tell_waits(waits)
        self._ask_progress(now)
        self._carry_out(ledger)

    def due(self) -> float:
        """Return when something is to be done even if nobody rings (seconds since the epoch)."""
        times = (self._next_look, self.hearing.board.next_alarm(), self._next_progress)
        return min(time for time in times if time is not None)

    def _look(self, now: float) -> None:
        if now >= self._next_look:
            self._next_look = now + (self.resync_seconds if self.hearing.listed else _LOOK_AGAIN)
            self.calls.look()

    def _take_wishes(self, ledger: Ledger) -> None:
        for execution in take_submitted(self.database, ledger):
            self.hearing.board.admit(execution)
        for id_, reason in to_stop(self.database).items():
            wanted = self.board.get(id_)
            if wanted is not None and wanted.stop_reason is None:
                wanted.stop_reason = reason
                ledger.touch(wanted)

    def _reconcile(self, ledger: Ledger) -> None:
        for execution in list(ledger.touched.values()):
            if self.hearing.listed or execution.status in {Status.SUBMITTED, Status.QUEUED}:
                reconcile(execution, ledger, self.calls)

    def _schedule(self, ledger: Ledger) -> dict[int, str]:
        if not self.hearing.listed or not (ledger.touched or self.hearing.nodes_changed):
            return self._waits
        self.hearing.nodes_changed = False
        return self.scheduler.run(self.board, self.hearing.nodes, ledger)

    def _tell_waits(self, waits: dict[int, str]) -> None:
        # Those that wait for a reason of their own are few; who merely stands behind them is not written.
        before, self._waits = self._waits, waits
        changed = {id_: waits.get(id_) for id_ in before.keys() | waits.keys() if before.get(id_) != waits.get(id_)}
        if changed:
            write_waits(self.database, changed)

    def _ask_progress(self, now: float) -> None:
        if found := self.progress.take():
            write_progress(self.database, found)
        self._next_progress = self.progress.look(self.board.values(), now)

    def _carry_out(self, ledger: Ledger) -> None:
        for call in ledger.calls:
            call()
        for change in ledger.changes:
            self.announce(change)
        for execution in ledger.touched.values():
            if execution.status in ENDED:
                self.hearing.board.dismiss(execution)
                self.progress.forget(execution.id)
            else:
                self.hearing.board.set_alarm(execution, ledger.now)
