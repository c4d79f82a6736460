"""Doing what was decided of idle executions: saying it, giving elastic services back, ending; and remembering it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zoe.master import idle_words as words
from zoe.master.entries import ExecutionEntry
from zoe.master.idle import Clock, Decision, Signals, Step
from zoe.master.ledger import Ledger
from zoe.state.activity import Activity
from zoe.state.database import Database
from zoe.state.idle import IdleRow, looked_again, write_idle
from zoe.state.lifecycle import Note, ServiceStatus


@dataclass(slots=True)
class Subject:
    """An execution that may end for being idle: its clock, when it is looked at next, its row if it has one."""

    execution: ExecutionEntry
    clock: Clock
    next: float
    row: IdleRow | None = None
    asked_at: float | None = None

    @property
    def kept_until(self) -> float | None:
        """Until when it is kept, as was said last."""
        return self.row.shown.get("kept_until") if self.row else None


@dataclass(slots=True)
class Steps:
    """Collects what one tick decides, until it is stored."""

    database: Database
    can_extend: bool
    gone: set[int] = field(default_factory=set)
    _rows: dict[int, IdleRow] = field(default_factory=dict)
    _looks: dict[int, float] = field(default_factory=dict)

    def forget_all(self) -> None:
        """Store nothing of what was collected."""
        self.gone.clear()
        self._rows.clear()
        self._looks.clear()

    def take(  # noqa: PLR0913, PLR0917 - what was decided, and on what grounds
        self,
        subject: Subject,
        decision: Decision,
        signals: Signals,
        activity: Activity,
        quiet: Sequence[str],
        ledger: Ledger,
    ) -> None:
        """Do what was decided."""
        before, subject.clock = subject.clock, decision.clock
        if decision.step == Step.ACTIVE:
            self._active(subject, before, _why(signals), ledger)
            return
        said = _said(subject, before, decision, activity, quiet)
        if said is not None:
            ledger.notes.append(Note(subject.execution.id, None, ledger.now, said))
        self._set_rest(subject.execution, decision.clock, ledger)
        if decision.step == Step.ENDING:
            subject.execution.stop_reason = words.reason(decision, quiet)
            ledger.touch(subject.execution)
        self._remember(subject, decision, self._shown(decision, activity, quiet))

    def commit(self) -> None:
        """Store it."""
        if self._rows or self.gone:
            write_idle(self.database, list(self._rows.values()), self.gone)
        if self._looks:
            looked_again(self.database, self._looks)
        self.forget_all()

    def _active(self, subject: Subject, before: Clock, why: str, ledger: Ledger) -> None:
        if before.announced:
            ledger.notes.append(Note(subject.execution.id, None, ledger.now, words.again(before, why)))
        self._set_rest(subject.execution, subject.clock, ledger)
        if subject.row is not None:
            self.gone.add(subject.execution.id)
            self._rows.pop(subject.execution.id, None)
            subject.row = None

    def _set_rest(self, execution: ExecutionEntry, clock: Clock, ledger: Ledger) -> None:
        if execution.resting != clock.resting:
            execution.resting = clock.resting
            ledger.touch(execution)
        for service in execution.services if clock.resting else ():
            if not service.row.essential and service.status == ServiceStatus.ACTIVE:
                service.status = ServiceStatus.TERMINATING
                ledger.write_down(execution, service, "is given back: its execution is idle")

    def _remember(self, subject: Subject, decision: Decision, shown: Mapping[str, Any]) -> None:
        clock, id_ = decision.clock, subject.execution.id
        row = IdleRow(id_, clock.since, clock.unseen, clock.looked_at, clock.resting, clock.announced, shown)
        before, subject.row = subject.row, row
        self.gone.discard(id_)
        if before is None or _but_for_the_look(before) != _but_for_the_look(row):
            self._rows[id_] = row
        else:
            self._looks[id_] = clock.looked_at

    def _shown(self, decision: Decision, activity: Activity, quiet: Sequence[str]) -> dict[str, Any]:
        kept = decision.step == Step.KEPT
        until = activity.lease_until or 0.0
        return {
            "since": None if kept else decision.clock.since,
            "step": decision.step,
            "elastic_deadline": decision.elastic_deadline if decision.step == Step.IDLE else None,
            "deadline": decision.deadline,
            "kept_until": until if kept else None,
            "reason": words.kept(until, activity.lease_by) if kept else words.reason(decision, quiet),
            "signals": [] if kept else [words.NO_TRAFFIC, *quiet],
            "can_extend": self.can_extend,
        }


def _but_for_the_look(row: IdleRow) -> tuple[object, ...]:
    # A row that is kept is idle since ever later: nobody has to know.
    since = None if row.shown.get("step") == Step.KEPT else row.since
    return (since, row.unseen, row.resting, row.announced, dict(row.shown))


def _said(subject: Subject, before: Clock, decision: Decision, activity: Activity, quiet: Sequence[str]) -> str | None:
    if decision.step == Step.KEPT:
        until = activity.lease_until or 0.0
        return words.kept(until, activity.lease_by) if until != subject.kept_until else None
    if decision.clock.resting and not before.resting:
        return words.rest(decision, quiet)
    if decision.clock.announced and not before.announced:
        return words.announcement(decision, quiet)
    return None


def _why(signals: Signals) -> str:
    if signals.active is not None:
        return signals.active
    return f"used at {words.moment(signals.used_at)}" if signals.used_at else "used"
