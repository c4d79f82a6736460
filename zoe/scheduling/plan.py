"""The scheduling pass: `plan(snapshot, policy, placement)`."""

from collections.abc import Sequence

from zoe.scheduling import reasons
from zoe.scheduling.cluster import Cluster
from zoe.scheduling.model import Application, Part, Placement, Plan, Policy, Snapshot, Start, Wait


def plan(snapshot: Snapshot, policy: Policy, placement: Placement) -> Plan:
    """Decide what starts now and where, and why the others wait.

    Core services come first, all of an execution's or none. Elastic services get what is left, in policy order,
    but nothing while an execution that could run waits for its core: they would only delay it.
    An execution that fits no node even when the cluster is empty is told so and delays nobody.
    """
    cluster = Cluster.of(snapshot)
    ordered = policy.order(snapshot.applications, snapshot.now)
    waits: dict[int, Wait] = {}
    decided = Plan(waits=waits)
    head = _start_cores(ordered, cluster, placement, snapshot, decided, waits)
    if head is None:
        _start_elastic(ordered, cluster, placement, decided)
    return decided


def _start_cores(  # noqa: PLR0913, PLR0917 - replaced by the whole scheduler
    ordered: Sequence[Application],
    cluster: Cluster,
    placement: Placement,
    snapshot: Snapshot,
    decided: Plan,
    waits: dict[int, Wait],
) -> Application | None:
    head: Application | None = None
    behind = Wait("")
    for application in ordered:
        parts = _unplaced(application, core=True)
        if application.running and not parts:
            continue
        if head is not None:
            waits[application.id] = behind
            continue
        placed = cluster.place(parts, placement)
        if placed is not None:
            decided.starts += [Start(application.id, part.id, node) for part, node in placed]
        elif _ever_fits(application, snapshot, placement):
            head, behind = application, reasons.behind(application)
            waits[application.id] = reasons.blocked(application, parts, cluster, snapshot)
        else:
            waits[application.id] = reasons.impossible(parts, snapshot)
    return head


def _start_elastic(ordered: Sequence[Application], cluster: Cluster, placement: Placement, decided: Plan) -> None:
    for application in ordered:
        if application.id in decided.waits:
            continue
        for part in _unplaced(application, core=False):
            placed = cluster.place([part], placement)
            if placed is None:
                break
            decided.starts.append(Start(application.id, part.id, placed[0][1]))


def _unplaced(application: Application, *, core: bool) -> list[Part]:
    return [part for part in application.parts if part.core is core and part.node is None]


def _ever_fits(application: Application, snapshot: Snapshot, placement: Placement) -> bool:
    core = [part for part in application.parts if part.core]
    return Cluster(snapshot.nodes).place(core, placement) is not None
