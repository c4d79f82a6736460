"""Why an execution waits, in words that its owner understands."""

from collections.abc import Sequence

from zoe.scheduling.cluster import Cluster
from zoe.scheduling.model import Application, Part, Resources, Snapshot, Wait

_UNITS = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def amount(resources: Resources) -> str:
    """Write an amount of resources: "2 cores and 4 GiB of memory"."""
    words = [
        f"{resources.cores:.4g} core{'' if resources.cores == 1 else 's'}",
        f"{memory(resources.memory)} of memory",
    ]
    if resources.gpus:
        words.append(f"{resources.gpus} GPU{'' if resources.gpus == 1 else 's'}")
    return ", ".join(words[:-1]) + " and " + words[-1]


def memory(size: int) -> str:
    """Write a number of bytes: "512 MiB"."""
    for unit, name in _UNITS:
        if abs(size) >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size} bytes"


def blocked(application: Application, parts: Sequence[Part], cluster: Cluster, snapshot: Snapshot) -> Wait:
    """Say what an execution lacks whose core services `parts` found no place on `cluster`."""
    worst = next((part for part in parts if not cluster.candidates(part)), None)
    if worst is None:
        return Wait(f"its {len(parts)} core services fit one by one, but not together{_holders(application, snapshot)}")
    fitting = [node for node in cluster.nodes if worst.labels <= node.labels]
    where = f" with label {' and '.join(sorted(worst.labels))}" if worst.labels else ""
    best = max(fitting, key=lambda node: _fill(cluster.free[node.name], worst.reserved))
    free = cluster.free[best.name]
    return Wait(
        f"{worst.group} needs {amount(worst.reserved)} on one node{where}; "
        f"{best.name} has {amount(free)} free{_holders(application, snapshot)}"
    )


def impossible(parts: Sequence[Part], snapshot: Snapshot) -> Wait:
    """Say why core services would not even fit on the empty cluster."""
    nodes = [node for node in snapshot.nodes if node.open]
    if not nodes:
        return Wait("no node is available at the moment", possible=False)
    empty = Cluster(snapshot.nodes)
    worst = next((part for part in parts if not empty.candidates(part)), None)
    if worst is None:
        return Wait("its core services do not fit on this cluster together, even when it is empty", possible=False)
    labelled = [node for node in nodes if worst.labels <= node.labels]
    if not labelled:
        return Wait(f"{worst.group} needs a node with label {' and '.join(sorted(worst.labels))}; none has it", False)  # noqa: FBT003
    largest = max(labelled, key=lambda node: _fill(node.total, worst.reserved))
    return Wait(
        f"{worst.group} needs {amount(worst.reserved)} on one node; the best node for it, "
        f"{largest.name}, has {amount(largest.total)} in all",
        possible=False,
    )


def behind(head: Application) -> Wait:
    """Say that an execution waits only because another one is first."""
    return Wait(f"execution {head.id} is ahead in the queue and waits for room", behind=head.id)


def _fill(free: Resources, need: Resources) -> float:
    shares = [
        have / want
        for have, want in ((free.cores, need.cores), (free.memory, need.memory), (free.gpus, need.gpus))
        if want > 0
    ]
    return min([1.0, *shares])


def _holders(application: Application, snapshot: Snapshot) -> str:
    holders = [
        str(other.id)
        for other in snapshot.applications
        if other.id != application.id and any(part.node is not None for part in other.parts)
    ]
    if not holders:
        return ""
    shown = ", ".join(holders[:3]) + (f" and {len(holders) - 3} more" if len(holders) > 3 else "")
    return f"; held by execution{'' if len(holders) == 1 else 's'} {shown}"
