"""One round of the master: observe, reconcile, schedule, commit, and only then call."""

import heapq
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from zoe.master import calls as said
from zoe.master.board import ExecutionEntry, ServiceEntry
from zoe.master.calls import BackendCalls
from zoe.master.intake import take_submitted, take_unfinished
from zoe.master.ledger import Ledger
from zoe.master.observe import Observer, missing
from zoe.master.progress import ProgressWatch
from zoe.master.reconcile import reconcile
from zoe.master.schedule import Scheduler
from zoe.plugin import ExecutionChange, Handle, NodeReport, ServiceReport, ServiceState, Usage
from zoe.state.active import NodeRow, to_stop, write_nodes, write_progress, write_waits
from zoe.state.database import Database
from zoe.state.lifecycle import ENDED, ServiceStatus, Status

log = logging.getLogger(__name__)
_LOOK_AGAIN = 2.0


@dataclass(slots=True)
class Round:
    """The state of the master between two ticks. Nothing in it cannot be made again from rows and the backend."""

    database: Database
    calls: BackendCalls
    observer: Observer
    scheduler: Scheduler
    progress: ProgressWatch
    announce: Callable[[ExecutionChange], None]
    resync_seconds: float
    board: dict[int, ExecutionEntry] = field(default_factory=dict)
    services: dict[int, tuple[ExecutionEntry, ServiceEntry]] = field(default_factory=dict)
    nodes: tuple[NodeReport, ...] = ()
    listed: bool = False
    next_look: float = 0.0
    alarms: list[tuple[float, int]] = field(default_factory=list)
    replan: bool = True
    waits: dict[int, str] = field(default_factory=dict)
    next_progress: float | None = None

    def reload(self, now: float) -> None:
        """Forget everything and read what has not ended; the backend is asked for all it has before anything moves."""
        self.calls.drain()
        self.calls.inbox.clear()
        self.board, self.services, self.waits, self.alarms = {}, {}, {}, []
        self.listed, self.replan = False, True
        ledger = Ledger(now)
        for execution in take_unfinished(self.database, ledger):
            self._admit(execution)
        ledger.commit(self.database)
        self.next_look = 0.0

    def tick(self, now: float) -> None:
        """Take everything as far as it can go now."""
        ledger = Ledger(now)
        self._look(now)
        self._intake(ledger)
        self._wishes(ledger)
        while self.calls.inbox:
            self._hear(self.calls.inbox.popleft(), ledger)
        self._wake(ledger)
        self._move(ledger)
        waits = self._schedule(ledger)
        self._move(ledger)
        ledger.commit(self.database)
        self._tell_waits(waits)
        self._progress(now)
        self._carry_out(ledger)

    def due(self) -> float:
        """Return when something is to be done even if nobody rings (seconds since the epoch)."""
        times = [self.next_look, *(at for at, _ in self.alarms[:1])]
        return min(times if self.next_progress is None else [*times, self.next_progress])

    def _admit(self, execution: ExecutionEntry) -> None:
        self.board[execution.id] = execution
        self.services.update({service.row.id: (execution, service) for service in execution.services})

    def _look(self, now: float) -> None:
        if now >= self.next_look:
            self.next_look = now + (self.resync_seconds if self.listed else _LOOK_AGAIN)
            self.calls.look()

    def _intake(self, ledger: Ledger) -> None:
        for execution in take_submitted(self.database, ledger):
            self._admit(execution)

    def _wishes(self, ledger: Ledger) -> None:
        for id_, reason in to_stop(self.database).items():
            execution = self.board.get(id_)
            if execution is not None and execution.stop_reason is None:
                execution.stop_reason = reason
                ledger.touch(execution)

    def _wake(self, ledger: Ledger) -> None:
        while self.alarms and self.alarms[0][0] <= ledger.now:
            execution = self.board.get(heapq.heappop(self.alarms)[1])
            if execution is not None:
                ledger.touch(execution)

    def _move(self, ledger: Ledger) -> None:
        for execution in list(ledger.touched.values()):
            if self.listed or execution.status in {Status.SUBMITTED, Status.QUEUED}:
                reconcile(execution, ledger, self.calls)

    def _schedule(self, ledger: Ledger) -> dict[int, str]:
        if not self.listed or not (ledger.touched or self.replan):
            return self.waits
        self.replan = False
        return self.scheduler.run(self.board, self.nodes, ledger)

    def _tell_waits(self, waits: dict[int, str]) -> None:
        # Those that wait for a reason of their own are few; who merely stands behind them is not written.
        changed = {
            id_: waits.get(id_) for id_ in self.waits.keys() | waits.keys() if self.waits.get(id_) != waits.get(id_)
        }
        self.waits = waits
        if changed:
            write_waits(self.database, changed)

    def _progress(self, now: float) -> None:
        found = self.progress.take()
        if found:
            write_progress(self.database, found)
        self.next_progress = self.progress.look(self.board.values(), now)

    def _carry_out(self, ledger: Ledger) -> None:
        for call in ledger.calls:
            call()
        for change in ledger.changes:
            self.announce(change)
        for execution in ledger.touched.values():
            if execution.status in ENDED:
                self._dismiss(execution)
            else:
                self._set_alarm(execution, ledger.now)

    def _dismiss(self, execution: ExecutionEntry) -> None:
        self.board.pop(execution.id, None)
        self.progress.forget(execution.id)
        for service in execution.services:
            self.services.pop(service.row.id, None)

    def _set_alarm(self, execution: ExecutionEntry, now: float) -> None:
        times = [service.not_before for service in execution.services if service.not_before > now]
        if execution.row.runtime_limit and execution.time_start and execution.status != Status.CLEANING_UP:
            times.append(execution.time_start + execution.row.runtime_limit)
        if times and min(times) != execution.alarm:
            execution.alarm = min(times)
            heapq.heappush(self.alarms, (execution.alarm, execution.id))

    def _hear(self, outcome: said.Outcome, ledger: Ledger) -> None:
        match outcome:
            case said.Listed():
                self._take_listing(outcome, ledger)
            case said.NotListed():
                self.nodes, self.replan = (), True
            case ServiceReport():
                self._hear_report(outcome, ledger)
            case _:
                self._hear_answer(outcome, ledger)

    def _hear_answer(
        self, answer: said.Started | said.Refused | said.NoRoom | said.NotAnswered | said.Ended, ledger: Ledger
    ) -> None:
        found = self.services.get(answer.service)
        if found is None:
            return
        match answer:
            case said.Started(report=report):
                self.observer.started(*found, report, ledger)
            case said.Refused(words=words):
                self.observer.refused(*found, words, ledger)
            case said.NoRoom(words=words):
                self.observer.no_room(*found, words, ledger)
            case said.NotAnswered(words=words):
                self.observer.not_answered(*found, words, ledger)
            case said.Ended():
                self.observer.ended(*found, ledger)

    def _hear_report(self, report: ServiceReport, ledger: Ledger) -> None:
        found = self.services.get(report.who.id)
        if found is not None and report.state not in {ServiceState.CREATED, ServiceState.STARTED}:
            self.observer.died(*found, report, ledger)

    def _take_listing(self, listing: said.Listed, ledger: Ledger) -> None:
        first, self.listed = not self.listed, True
        self.replan = True
        self.next_look = ledger.now + self.resync_seconds
        self.nodes = tuple(listing.nodes)
        write_nodes(self.database, [_row(node, listing.used) for node in self.nodes], ledger.now)
        for execution in self.board.values() if first else ():
            ledger.touch(execution)
        for report in listing.reports:
            self._compare(report, ledger, first=first)
        for execution, service in missing(self.services, {r.who.id for r in listing.reports}, listing.asked_at):
            self.observer.died(execution, service, _vanished(service), ledger)

    def _compare(self, report: ServiceReport, ledger: Ledger, *, first: bool) -> None:
        found = self.services.get(report.who.id)
        if found is None:
            self.calls.sweep(report)
            return
        execution, service = found
        if service.status == ServiceStatus.STARTING and first:
            self.observer.started(execution, service, report, ledger)
        else:
            self._hear_report(report, ledger)


def _vanished(service: ServiceEntry) -> ServiceReport:
    handle = service.handle or Handle("")
    reason = "disappeared: its backend no longer knows it"
    return ServiceReport(service.who, handle, ServiceState.DESTROYED, service.node or "", reason=reason)


def _row(node: NodeReport, used: Usage) -> NodeRow:
    total = node.total
    return NodeRow(
        node.name,
        total.cores,
        total.memory,
        total.gpus,
        sorted(node.labels),
        node.online,
        list(node.remarks),
        used.cores,
        used.memory,
    )
