"""Makes a workload of what has run here before: rows go in, wherever they come from."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from zoe.scheduling.model import Node, Resources
from zoe.simulation.workload import TASK_SECONDS, Group, Kind, Submission, Workload

# ruff: noqa: D102 - the protocols' docstrings describe their columns


class PastGroup(Protocol):
    """Services of one group of a past execution; `cores`, `memory` (bytes) and `gpus` are of one of them."""

    @property
    def name(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def core(self) -> bool: ...
    @property
    def cores(self) -> float: ...
    @property
    def memory(self) -> int: ...
    @property
    def gpus(self) -> int: ...


class PastExecution(Protocol):
    """An execution that ran and has ended. Times: seconds since the epoch.

    `will_end`: False for one that runs until somebody stops it, such as a notebook.
    """

    @property
    def id(self) -> int: ...
    @property
    def owner(self) -> str: ...
    @property
    def submitted(self) -> float: ...
    @property
    def started(self) -> float: ...
    @property
    def ended(self) -> float: ...
    @property
    def size(self) -> int: ...
    @property
    def priority(self) -> int: ...
    @property
    def will_end(self) -> bool: ...
    @property
    def groups(self) -> Sequence[PastGroup]: ...


def workload(
    rows: Callable[[], Iterable[PastExecution]], nodes: Sequence[Node], task_seconds: float = TASK_SECONDS
) -> Workload:
    """Turn past executions into a workload.

    Work is the run time with all services running: nobody wrote down when each elastic one came and went, so an
    execution that often lacked some is taken for larger than it was.
    """
    usable, left_out = list[PastExecution](), 0
    for row in rows():
        if row.ended > row.started >= row.submitted and any(group.core and group.count for group in row.groups):
            usable.append(row)
        else:
            left_out += 1
    usable.sort(key=lambda row: (row.submitted, row.id))
    first = usable[0].submitted if usable else 0.0
    remarks = [f"{left_out} executions whose times make no sense were left out"] if left_out else []
    return Workload("history", nodes, [_submission(row, first, task_seconds) for row in usable], remarks)


def _submission(row: PastExecution, first: float, task_seconds: float) -> Submission:
    groups = tuple(
        # A service that reserves no cores works all the same.
        Group(one.name, one.count, Resources(one.cores, one.memory, one.gpus), one.core, one.cores or 1.0)
        for one in row.groups
    )
    work = (row.ended - row.started) * sum(group.count * group.rate for group in groups)
    elastic = any(not group.core for group in groups)
    kind = Kind.INTERACTIVE if not row.will_end else Kind.ELASTIC if elastic else Kind.RIGID
    at = row.submitted - first
    return Submission(row.id, at, kind, groups, work, task_seconds, row.owner, row.size, row.priority)
