"""What plugins are told when an execution has moved."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExecutionChange:
    """An execution went from one status to another, at `at` (seconds since the epoch), for `reason`."""

    execution_id: int
    user_id: int
    name: str
    before: str
    after: str
    at: float
    reason: str | None = None
