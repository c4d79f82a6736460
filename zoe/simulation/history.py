"""Makes a workload of what has run here before: rows go in, wherever they come from."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from zoe.scheduling.model import Node, Resources
from zoe.simulation.workload import TASK_SECONDS, Group, Kind, Submission, Workload


@dataclass(frozen=True, slots=True)
class PastGroup:
    """Services of one group of an execution that has ended: cores, bytes and GPUs of one of them."""

    name: str
    count: int
    core: bool
    cores: float
    memory: int
    gpus: int


@dataclass(frozen=True, slots=True)
class PastExecution:
    """An execution that ran and has ended by itself. Times: seconds since the epoch."""

    id: int
    owner: str
    submitted: float
    started: float
    ended: float
    size: int
    priority: int
    has_end: bool  # False for one that runs until it is stopped, such as a notebook
    groups: Sequence[PastGroup]


def workload(rows: Callable[[], Iterable[PastExecution]], nodes: Sequence[Node],
             task_seconds: float = TASK_SECONDS) -> Workload:  # fmt: skip
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
    kind = Kind.INTERACTIVE if not row.has_end else Kind.ELASTIC if elastic else Kind.RIGID
    at = row.submitted - first
    return Submission(row.id, at, kind, groups, work, task_seconds, row.owner, row.size, row.priority)
