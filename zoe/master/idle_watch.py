"""Who looks whether executions are used, when, and does what is then decided.

Only executions that may end for being idle are known here; each is looked at on a common beat, and when a step of it
is due: nothing is done on what an older look found.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from zoe.master.entries import ExecutionEntry
from zoe.master.idle import Clock, Signals, Times, decide
from zoe.master.idle_signals import Answer, Prober, Question
from zoe.master.idle_steps import Steps, Subject
from zoe.master.idle_terms import IdleTerms
from zoe.master.ledger import Ledger
from zoe.master.running import Reach
from zoe.plugin import ZAppType
from zoe.state.activity import Activity, activities
from zoe.state.database import Database
from zoe.state.idle import IdleRow, idle_rows
from zoe.state.lifecycle import ServiceStatus, Status

_SOON = 2.0
_LEAST_PAUSE = 1.0
_SLOW_LOOK = 30.0


@dataclass(slots=True)
class IdleWatch:
    """Knows the executions that may end for being idle."""

    database: Database
    terms: IdleTerms
    zapp_types: Mapping[str, ZAppType]
    reach: Reach
    prober: Prober
    _steps: Steps = field(init=False)
    _subjects: dict[int, Subject] = field(default_factory=dict)
    _rows: dict[int, IdleRow] = field(default_factory=dict)
    _due: float | None = None

    def __post_init__(self) -> None:
        self._steps = Steps(self.database, self.terms.can_extend)

    def begin(self, board: Mapping[int, ExecutionEntry]) -> None:
        """Forget everything, and read what an earlier master knew of these executions."""
        self.prober.answers.clear()
        self._subjects.clear()
        self._steps.forget_all()
        self._due = None
        self._rows = {row.execution: row for row in idle_rows(self.database, list(board))}
        for row in self._rows.values():
            board[row.execution].resting = row.resting

    def notice(self, execution: ExecutionEntry, now: float) -> None:
        """Take up an execution that something has happened to, or let go of it."""
        if execution.status != Status.RUNNING or not self.terms.may_apply(execution):
            self._let_go(execution)
        elif execution.id not in self._subjects:
            row = self._rows.pop(execution.id, None)
            subject = Subject(execution, Clock(now, now), self._beat(now), row=row)
            if row is not None:
                # What happened while no master looked is not known: it does not count.
                unseen = row.unseen + max(0.0, now - row.looked_at)
                subject.clock = Clock(row.since, now, unseen, row.announced, row.resting)
                subject.next = now
            self._subjects[execution.id] = subject
            self._due = min(subject.next, self._due or math.inf)

    def look_now(self) -> None:
        """Look at all at the next tick: somebody asked for more time."""
        for subject in self._subjects.values():
            subject.next = 0.0
        self._due = 0.0 if self._subjects else None

    def due(self) -> float | None:
        """Return when there is something to look at (seconds since the epoch)."""
        return self._due

    def tick(self, ledger: Ledger) -> None:
        """Do what answers that have come decide, and begin to look at those whose turn it is."""
        if self.prober.answers:
            self._take_answers(ledger)
        if self._due is not None and self._due <= ledger.now:
            self._look(ledger)

    def commit(self) -> None:
        """Store what was decided, after the steps themselves were."""
        self._steps.commit()

    def close(self) -> None:
        """Ask no more."""
        self.prober.close()

    def _let_go(self, execution: ExecutionEntry) -> None:
        execution.resting = False
        subject = self._subjects.pop(execution.id, None)
        row = self._rows.pop(execution.id, None)
        if subject is not None:
            self.prober.forget(execution.id)
        if row is not None or (subject is not None and subject.row is not None):
            self._steps.gone.add(execution.id)

    def _beat(self, now: float) -> float:
        interval = self.terms.interval
        return (math.floor(now / interval) + 1) * interval

    def _look(self, ledger: Ledger) -> None:
        turn = [subject for subject in self._subjects.values() if subject.next <= ledger.now]
        known = activities(self.database, [subject.execution.id for subject in turn])
        questions = []
        for subject in turn:
            subject.next = self._beat(ledger.now)
            activity = known.get(subject.execution.id)
            if activity is None or subject.asked_at is not None:
                continue
            times = self.terms.times(activity.role, subject.execution)
            if (found := _without_asking(subject.clock, activity, times, ledger.now)) is not None:
                self._decide(subject, found, activity, (), ledger)
            else:
                subject.asked_at = ledger.now
                questions.append(self._question(subject.execution))
        if questions:
            self.prober.ask(questions)
        self._plan_next()

    def _take_answers(self, ledger: Ledger) -> None:
        answers = [self.prober.answers.popleft() for _ in range(len(self.prober.answers))]
        # Somebody may have come back while it was asked.
        known = activities(self.database, [answer.execution for answer in answers])
        for answer in answers:
            subject, activity = self._subjects.get(answer.execution), known.get(answer.execution)
            if subject is not None and activity is not None and subject.asked_at is not None:
                self._take_answer(subject, answer, activity, ledger)
        self._plan_next()

    def _take_answer(self, subject: Subject, answer: Answer, activity: Activity, ledger: Ledger) -> None:
        subject.asked_at = None
        if answer.too_early and answer.active is None:
            subject.next = min(subject.next, ledger.now + _SOON)
            return
        signals = Signals(activity.used_at, answer.active, activity.lease_until)
        self._decide(subject, signals, activity, answer.quiet, ledger)

    def _decide(
        self, subject: Subject, signals: Signals, activity: Activity, quiet: Iterable[str], ledger: Ledger
    ) -> None:
        times = self.terms.times(activity.role, subject.execution)
        longest_gap = 2 * self.terms.interval + _SLOW_LOOK
        decision = decide(subject.clock, signals, times, ledger.now, longest_gap)
        self._steps.take(subject, decision, signals, activity, tuple(quiet), ledger)
        clock, moments = decision.clock, [self._beat(ledger.now), decision.deadline]
        if not clock.announced and times != Times():
            moments.append(clock.begin + times.notice)
        if not clock.resting:
            moments.append(decision.elastic_deadline)
        first = min(moment for moment in moments if moment is not None)
        subject.next = max(first, ledger.now + _LEAST_PAUSE)

    def _plan_next(self) -> None:
        self._due = min((subject.next for subject in self._subjects.values()), default=None)

    def _question(self, execution: ExecutionEntry) -> Question:
        active = [one for one in execution.services if one.status == ServiceStatus.ACTIVE and one.handle is not None]
        return Question(
            execution.id,
            self.zapp_types.get(execution.row.zapp_type or ""),
            self.reach.services(execution),
            {one.handle: one.row.name for one in active if one.handle is not None},
            {one.handle: one.row.gpus for one in active if one.handle is not None},
        )


def _without_asking(clock: Clock, activity: Activity, times: Times, now: float) -> Signals | None:
    """Return what is known already where that is enough."""
    if times == Times():
        return Signals(active="nothing ends it for being idle")
    used = (activity.used_at or 0.0) > clock.looked_at
    kept = (activity.lease_until or 0.0) > now
    return Signals(activity.used_at, None, activity.lease_until) if used or kept else None
