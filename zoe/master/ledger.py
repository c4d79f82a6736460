"""What one tick has decided, until it is committed: steps, services as they will be, notes, and calls that follow."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from zoe.master.entries import ExecutionEntry, ServiceEntry
from zoe.plugin import ExecutionChange
from zoe.state.database import Database
from zoe.state.lifecycle import Note, Status, Step, write

log = logging.getLogger(__name__)


class LostTrackError(Exception):
    """The rows are not as the board has them: somebody else moved or deleted an execution."""


@dataclass(slots=True)
class Ledger:
    """Collects the changes of one tick. Backend calls are made only after what they rest on is committed.

    `restart_lost`: an execution whose core service was lost with its node goes back to the queue.
    """

    now: float
    restart_lost: bool = False
    steps: list[Step] = field(default_factory=list)
    services: dict[int, ServiceEntry] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    calls: list[Callable[[], None]] = field(default_factory=list)
    changes: list[ExecutionChange] = field(default_factory=list)
    touched: dict[int, ExecutionEntry] = field(default_factory=dict)

    def touch(self, execution: ExecutionEntry) -> None:
        """Remember to look at this execution in this tick."""
        self.touched[execution.id] = execution

    def step(  # noqa: PLR0913 - each is a column
        self,
        execution: ExecutionEntry,
        after: Status,
        reason: str | None = None,
        *,
        outcome: Status | None = None,
        exit_code: int | None = None,
        error_message: str | None = None,
    ) -> None:
        """Move an execution."""
        before = execution.status
        self.steps.append(Step(execution.id, before, after, self.now, reason, outcome, exit_code, error_message))
        self.changes.append(
            ExecutionChange(execution.id, execution.row.user_id, execution.row.name, before, after, self.now, reason)
        )
        execution.status = after
        execution.outcome = outcome or execution.outcome
        if after == Status.STARTING and execution.time_start is None:
            execution.time_start = self.now
        self.touch(execution)

    def write_down(self, execution: ExecutionEntry, service: ServiceEntry, note: str | None = None) -> None:
        """Store a service as it is now, with a note for its owner."""
        self.services[service.row.id] = service
        if note is not None:
            self.notes.append(Note(execution.id, service.row.name, self.now, note))
        self.touch(execution)

    def commit(self, database: Database) -> None:
        """Write everything in one transaction.

        Raises:
            LostTrackError: something was not where the board has it. Nothing but the other executions was written.

        """
        if not (self.steps or self.services or self.notes):
            return
        moved = write(database, self.steps, [entry.stored() for entry in self.services.values()], self.notes)
        lost = {step.execution for step in self.steps} - moved
        for step in self.steps:
            log.info("execution %d: %s -> %s%s", step.execution, step.before, step.after, _because(step.reason))
        if lost:
            raise LostTrackError(f"executions {sorted(lost)} were moved by somebody else")


def _because(reason: str | None) -> str:
    return f" ({reason})" if reason else ""
