"""One round of the master: observe, reconcile, schedule, commit, and only then call."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from zoe.master.backfill import Backfills
from zoe.master.backfill_filler import Filler
from zoe.master.board import Board
from zoe.master.calls import BackendCalls
from zoe.master.clearing import Clearing
from zoe.master.entries import ExecutionEntry
from zoe.master.hearing import Hearing
from zoe.master.idle_watch import IdleWatch
from zoe.master.intake import BATCH, take_submitted, take_unfinished
from zoe.master.ledger import Ledger
from zoe.master.observe import Observer
from zoe.master.progress import ProgressWatch
from zoe.master.reconcile import reconcile
from zoe.master.schedule import Scheduler
from zoe.master.waiting import WaitingRoom
from zoe.plugin import ExecutionChange
from zoe.scheduling.model import Estimate, Quota, Wait
from zoe.state.active import expected_runtimes, quotas, to_stop, write_progress
from zoe.state.database import Database
from zoe.state.lifecycle import ENDED, Status

_LOOK_AGAIN = 2.0


@dataclass(slots=True)
class Round:
    """The state of the master between two ticks.

    `resync_seconds`: how often the backend is asked for all it has. `holds_back`: who is beyond the quota waits in the
    queue (otherwise the API has refused already). `restart_lost`: see `Ledger`.
    """

    database: Database
    calls: BackendCalls
    observer: Observer
    scheduler: Scheduler
    progress: ProgressWatch
    announce: Callable[[ExecutionChange], None]
    resync_seconds: float
    holds_back: bool = True
    restart_lost: bool = False
    backfills: Backfills = field(init=False)
    fillers: Sequence[Filler] = ()
    idle: IdleWatch | None = None
    clearing: Clearing | None = None
    hearing: Hearing = field(init=False)
    _next_look: float = 0.0
    _last_look: float = 0.0
    waiting: WaitingRoom = field(init=False)
    _next_progress: float | None = None
    _replan: bool = True
    _quotas_old: bool = True
    _more_wishes: bool = True
    _waits: Mapping[int, Wait] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.backfills = Backfills(self.database, self.fillers)
        self._begin()

    def _begin(self) -> None:
        board = Board(self.scheduler.backend.one_node_networks)
        self.hearing = Hearing(self.database, self.calls, self.observer, board)
        self.waiting = WaitingRoom(self.database)
        self.scheduler.begin_again()
        self._next_look, self._quotas_old, self._more_wishes = 0.0, True, True

    @property
    def board(self) -> dict[int, ExecutionEntry]:
        """The executions that have not ended, by id."""
        return self.hearing.board.executions

    def reload(self, now: float) -> None:
        """Forget everything and read what has not ended; the backend is asked for all it has before anything moves."""
        self.calls.drain()
        self.calls.inbox.clear()
        self._begin()
        ledger = Ledger(now)
        for execution in take_unfinished(self.database, ledger):
            self.hearing.board.admit(execution)
        self._estimate(list(self.board.values()))
        self._commit(ledger, lambda: ledger.commit(self.database))
        self.backfills.begin()
        if self.clearing is not None:
            self.clearing.begin()
        if self.idle is not None:
            self.idle.begin(self.board)

    def tick(self, now: float, *, wishes: bool = True) -> None:
        """Take everything as far as it can go now; `wishes`: the API may have stored some since the last tick."""
        ledger = Ledger(now, self.restart_lost)
        self._look(now)
        if wishes or self._more_wishes:
            self._take_wishes(ledger)
        while self.calls.inbox:
            self.hearing.hear(self.calls.inbox.popleft(), ledger)
        if self.hearing.doubtful:
            # A node may be gone: see before anything is placed there again.
            self.hearing.doubtful = False
            self._next_look = min(self._next_look, max(now, self._last_look + _LOOK_AGAIN))
        for execution in self.hearing.board.due(now):
            ledger.touch(execution)
        if self.idle is not None:
            self.idle.tick(ledger)
        self._reconcile(ledger)
        self._schedule(ledger)
        self._reconcile(ledger)
        self._commit(ledger, lambda: self.backfills.commit(self.board, ledger))
        if self.idle is not None:
            self.idle.commit()
        self.waiting.tell(now)
        self._ask_progress(now)
        self._carry_out(ledger)
        if self.clearing is not None:
            self.clearing.look(now)

    def due(self) -> float:
        """Return when something is to be done even if nobody rings (seconds since the epoch)."""
        if self._replan and self.hearing.listed:
            return 0.0
        times = (
            *(self._next_look, self.hearing.board.next_alarm(), self._next_progress),
            *(self.waiting.due(), self.backfills.due(), self.idle.due() if self.idle is not None else None),
            self.clearing.due() if self.clearing is not None else None,
        )
        return min(time for time in times if time is not None)

    def _commit(self, ledger: Ledger, write: Callable[[], None]) -> None:
        if self.clearing is None:
            write()
        else:
            self.clearing.commit(self.board, ledger.steps, write)

    def _look(self, now: float) -> None:
        if now >= self._next_look:
            self._next_look = now + (self.resync_seconds if self.hearing.listed else _LOOK_AGAIN)
            self._last_look = now
            self.calls.look()

    def accounts_changed(self) -> None:
        """Read the quotas again at the next tick."""
        self._quotas_old = True

    def somebody_asked_for_time(self) -> None:
        """Look at idle executions at the next tick: one is to be kept."""
        if self.idle is not None:
            self.idle.look_now()

    def _read_quotas(self, executions: Iterable[ExecutionEntry]) -> None:
        owners = {execution.row.owner for execution in executions}
        if self.holds_back and owners:
            found = {owner: Quota(*limits) for owner, limits in quotas(self.database, owners).items()}
            self.scheduler.quotas = {**self.scheduler.quotas, **found}
            self._replan = True

    def _estimate(self, executions: Sequence[ExecutionEntry]) -> None:
        """Find out what history tells of these executions."""
        if not executions:
            return
        known = expected_runtimes(self.database, [execution.id for execution in executions])
        for execution in executions:
            if execution.id in known:
                execution.expected = Estimate(*known[execution.id])

    def _take_wishes(self, ledger: Ledger) -> None:
        new: list[ExecutionEntry] = []
        for execution in take_submitted(self.database, ledger):
            self.hearing.board.admit(execution)
            new.append(execution)
        self._more_wishes = len(new) >= BATCH
        self._estimate(new)
        self._read_quotas(self.board.values() if self._quotas_old else new)
        self._quotas_old = False
        for id_, reason in to_stop(self.database).items():
            wanted = self.board.get(id_)
            if wanted is not None and wanted.stop_reason is None:
                wanted.stop_reason = reason
                ledger.touch(wanted)

    def _reconcile(self, ledger: Ledger) -> None:
        for execution in list(ledger.touched.values()):
            if self.hearing.listed or execution.status in {Status.SUBMITTED, Status.QUEUED}:
                reconcile(execution, ledger, self.calls)

    def _schedule(self, ledger: Ledger) -> None:
        changed = [execution.look(ledger.now) for execution in ledger.touched.values()]
        self._replan = self._replan or any(changed) or self.hearing.nodes_changed
        planned = self.hearing.listed and self._replan
        if planned:
            self._replan = self.hearing.nodes_changed = False
            self._waits = self.scheduler.run(self.board, self.hearing.nodes, ledger)
            self.waiting.take(self._waits)
            for execution in ledger.touched.values():
                execution.look(ledger.now)
        if planned or (self.hearing.listed and ledger.now >= (self.backfills.due() or math.inf)):
            self._replan = self.backfills.look(self.board, self.scheduler.nodes, self._waits, ledger)
            # What it stored just now is due at once.
            self._more_wishes = self._more_wishes or ledger.now >= (self.backfills.due() or math.inf)

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
            if self.idle is not None:
                self.idle.notice(execution, ledger.now)
            if execution.status in ENDED:
                self.hearing.board.dismiss(execution)
                self.scheduler.execution_ended()
                self.progress.forget(execution.id)
            else:
                self.hearing.board.set_alarm(execution, ledger.now)
