"""Whether an execution can ever start on this cluster: told at submission, not after a week."""

from collections.abc import Sequence

from zoe.errors import Fault
from zoe.scheduling.model import Application, Node, Part, Quota, Resources, Snapshot
from zoe.scheduling.plan import plan
from zoe.scheduling.simple import FirstComeFirstServed
from zoe.state.cluster import machines
from zoe.state.database import Database
from zoe.state.requests import Submission
from zoe.zapp import ZApp


def never(database: Database, application: ZApp, submission: Submission, *, together: bool) -> list[Fault]:
    """Return why this application would wait for ever, if it would: asked of the empty cluster, as it was seen last."""
    nodes = [
        Node(one.name, Resources(one.cores, one.memory, one.gpus), frozenset(one.labels)) for one in machines(database)
    ]
    if not nodes:
        return []  # nobody knows: the master may not have looked yet
    labels = {entry.name: frozenset(entry.labels) for entry in application.services}
    parts = [
        Part(number, one.group, Resources(one.cores, one.memory, one.gpus), one.core, labels[one.group])
        for number, one in enumerate(submission.services)
        if one.core
    ]
    owner, limits = submission.account.username, submission.account.limits
    alone = Application(0, owner, 0.0, 0, parts, opportunistic=submission.opportunistic, together=together)
    quota = Quota() if submission.opportunistic else Quota(limits.executions, limits.cores, limits.memory)
    empty = Snapshot(0.0, nodes, [alone], {owner: quota})
    if _plainly_fits(alone, nodes, quota):
        return []
    simple = FirstComeFirstServed()
    wait = plan(empty, simple, simple).waits.get(0)
    return [] if wait is None else [Fault("services", f"this can never start on this cluster: {wait.reason}")]


def _plainly_fits(alone: Application, nodes: Sequence[Node], quota: Quota) -> bool:
    """Tell whether one node has the room for everything, which most often is so: then nothing need be planned."""
    needed = sum((part.reserved for part in alone.parts), Resources())
    labels = frozenset[str]().union(*(part.labels for part in alone.parts))
    held = needed.cores > quota.cores > 0 or needed.memory > quota.memory > 0
    return not held and any(node.total.holds(needed) and labels <= node.labels for node in nodes)
