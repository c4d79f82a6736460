"""Amounts as whole numbers: what is counted step by step then equals what is counted anew, to the last bit."""

from collections.abc import Iterable, Sequence

from zoe.scheduling.model import Resources

Vector = tuple[int, int, int]
"""Nanocores, bytes, devices."""

ZERO: Vector = (0, 0, 0)
NONE: Vector = (-1, -1, -1)
"""The room of a closed node: it holds nothing, not even what needs nothing."""

_NANO = 1_000_000_000


def of(resources: Resources) -> Vector:
    """Round down, so that three times two thirds of a core fit on two cores; a hundredth of a nanocore is noise."""
    return int(resources.cores * _NANO + 0.01), int(resources.memory), int(resources.gpus)


def resources(vector: Vector) -> Resources:
    """Return the amount as everybody else sees it."""
    return Resources(vector[0] / _NANO, vector[1], vector[2])


def plus(a: Vector, b: Vector) -> Vector:
    """Add."""
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def minus(a: Vector, b: Vector) -> Vector:
    """Subtract."""
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def lesser(a: Vector, b: Vector) -> Vector:
    """Return what is in both."""
    # Written out: it is the innermost step of a pass, and a call of min() costs three times as much.
    return a[0] if a[0] < b[0] else b[0], a[1] if a[1] < b[1] else b[1], a[2] if a[2] < b[2] else b[2]  # noqa: FURB136


def larger(a: Vector, b: Vector) -> Vector:
    """Return what is in either."""
    return max(a[0], b[0]), max(a[1], b[1]), max(a[2], b[2])


def holds(room: Vector, need: Vector) -> bool:
    """Tell whether `need` fits into `room`."""
    return need[0] <= room[0] and need[1] <= room[1] and need[2] <= room[2]


def those_with_room(nodes: Iterable[int], room: Sequence[Vector], need: Vector) -> list[int]:
    """Return the nodes whose room holds `need`."""
    cores, memory, gpus = need
    return [n for n in nodes if cores <= room[n][0] and memory <= room[n][1] and gpus <= room[n][2]]


def first_with_room(nodes: Iterable[int], room: Sequence[Vector], need: Vector) -> int | None:
    """Return the first node whose room holds `need`."""
    cores, memory, gpus = need
    for node in nodes:
        has = room[node]
        if cores <= has[0] and memory <= has[1] and gpus <= has[2]:
            return node
    return None


def times(room: Vector, need: Vector, most: int) -> int:
    """Return how many of `need` fit into `room`, at most `most`."""
    cores, memory, gpus = need
    if cores > room[0] or memory > room[1] or gpus > room[2]:
        return 0
    # Written out, as `lesser` is.
    if cores and most * cores > room[0]:
        most = room[0] // cores
    if memory and most * memory > room[1]:
        most = room[1] // memory
    if gpus and most * gpus > room[2]:
        most = room[2] // gpus
    return most


def nearest(nodes: Iterable[int], room: Sequence[Vector], need: Vector) -> int:
    """Return the node that lacks least of `need`, in the resource that it has least of."""
    wanted = [(place, amount) for place, amount in enumerate(need) if amount]
    return max(nodes, key=lambda node: min([room[node][place] / amount for place, amount in wanted], default=0.0))
