"""Whether an execution can ever start on this cluster: told at submission, not after a week."""

from collections.abc import Mapping, Sequence

from zoe.errors import Fault
from zoe.scheduling.model import Application, Node, Part, Resources, Snapshot
from zoe.scheduling.plan import plan
from zoe.state.cluster import machines
from zoe.state.database import Database
from zoe.state.requests import NewService
from zoe.zapp import ZApp


class _AsTheyCome:
    """There is only one."""

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:  # noqa: ARG002 - contract
        return applications


class _FirstFit:
    """Any place will do."""

    def choose(self, part: Part, candidates: Sequence[Node], free: Mapping[str, Resources]) -> Node:  # noqa: ARG002
        return candidates[0]


def never(database: Database, application: ZApp, services: Sequence[NewService]) -> list[Fault]:
    """Return why this application would wait for ever, if it would: asked of the empty cluster, as it was seen last."""
    nodes = [
        Node(one.name, Resources(one.cores, one.memory, one.gpus), frozenset(one.labels)) for one in machines(database)
    ]
    if not nodes:
        return []  # nobody knows: the master may not have looked yet
    labels = {entry.name: frozenset(entry.labels) for entry in application.services}
    parts = [
        Part(number, one.group, Resources(one.cores, one.memory, one.gpus), one.core, labels[one.group])
        for number, one in enumerate(services)
        if one.core
    ]
    alone = Application(0, "", 0.0, 0, parts)
    wait = plan(Snapshot(0.0, nodes, [alone]), _AsTheyCome(), _FirstFit()).waits.get(0)
    return [] if wait is None else [Fault("services", f"this can never start on this cluster: {wait.reason}")]
