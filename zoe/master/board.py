"""The board: every execution that has not ended, and when each is to be looked at even if nothing happens.

Nothing on it cannot be made again from the rows: PostgreSQL holds the truth.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from zoe.master.entries import ExecutionEntry, ServiceEntry
from zoe.state.lifecycle import Status


@dataclass(slots=True)
class Board:
    """Finds executions by their id, and services with their execution by theirs.

    `together`: the backend's services find each other on one node only.
    """

    together: bool = False
    executions: dict[int, ExecutionEntry] = field(default_factory=dict)
    services: dict[int, tuple[ExecutionEntry, ServiceEntry]] = field(default_factory=dict)
    _alarms: list[tuple[float, int]] = field(default_factory=list)

    def admit(self, execution: ExecutionEntry) -> None:
        """Take up an execution."""
        execution.together = self.together
        self.executions[execution.id] = execution
        self.services.update({service.row.id: (execution, service) for service in execution.services})

    def dismiss(self, execution: ExecutionEntry) -> None:
        """Let go of an execution that has ended."""
        self.executions.pop(execution.id, None)
        for service in execution.services:
            self.services.pop(service.row.id, None)

    def set_alarm(self, execution: ExecutionEntry, now: float) -> None:
        """Remember when this execution is due next: a call to be made again, or the end of its time."""
        times = [service.not_before for service in execution.services if service.not_before > now]
        if execution.row.runtime_limit and execution.time_start and execution.status != Status.CLEANING_UP:
            times.append(execution.time_start + execution.row.runtime_limit)
        if times and min(times) != execution.alarm:
            execution.alarm = min(times)
            heapq.heappush(self._alarms, (execution.alarm, execution.id))

    def next_alarm(self) -> float | None:
        """Return when the next execution is due (seconds since the epoch)."""
        return self._alarms[0][0] if self._alarms else None

    def due(self, now: float) -> Iterator[ExecutionEntry]:
        """Yield the executions whose time has come."""
        while self._alarms and self._alarms[0][0] <= now:
            execution = self.executions.get(heapq.heappop(self._alarms)[1])
            if execution is not None:
                yield execution
