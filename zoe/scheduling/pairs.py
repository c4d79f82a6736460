"""Where a gang of two shapes fits, exactly: nothing has to be searched for."""

from collections.abc import Sequence

from zoe.scheduling.shapes import Gang, Shape
from zoe.scheduling.vectors import Vector, minus, those_with_room, times

_NEVER = -(10**9)


def fit_two(gang: Gang, room: Sequence[Vector], allowed: Sequence[Sequence[int]]) -> list[int] | None:
    """Return a node for each of the gang's shapes so that `room` holds them all; None if there is no way.

    `allowed`: the nodes that carry the labels of each shape, in the order of `gang.counts`.

    The nodes that hold one of the rarer shape are gone through once. After each it is known, for every number of the
    rarer shape on the nodes until there, how many of the other have room at most on all nodes.
    """
    (rare, rare_nodes), (other, other_nodes) = sorted(
        zip(gang.counts, allowed, strict=True), key=lambda one: gang.counts[one[0]]
    )
    few, many = gang.counts[rare], gang.counts[other]
    alone = {node: times(room[node], other.need, many) for node in other_nodes}
    most, steps = [sum(alone.values()), *[_NEVER] * few], []
    if most[0] < many:
        return None
    for node in those_with_room(rare_nodes, room, rare.need):
        losses = _losses(room[node], rare, few, other, alone.get(node, 0))
        took = _put_on(most, losses)
        steps.append((node, losses, took))
        if most[few] >= many:
            return _places(gang, rare, alone, steps)
    return None


def _losses(room: Vector, rare: Shape, few: int, other: Shape, alone: int) -> list[int]:
    """Return how many of the other shape a node holds less, with none of the rarer shape on it, one, two, ..."""
    losses = [0]
    count = times(room, rare.need, few)
    for _ in range(count):
        room = minus(room, rare.need)
        losses.append(alone - times(room, other.need, alone))
    return losses


def _put_on(most: list[int], losses: list[int]) -> list[int]:
    """Bring `most` up to date with one node more; return how many of the rarer shape go there, for each number."""
    took = [0] * len(most)
    for total in range(len(most) - 1, 0, -1):
        for here in range(1, min(len(losses), total + 1)):
            if most[total - here] - losses[here] > most[total]:
                most[total], took[total] = most[total - here] - losses[here], here
    return took


def _places(
    gang: Gang, rare: Shape, alone: dict[int, int], steps: Sequence[tuple[int, list[int], list[int]]]
) -> list[int]:
    """Go back from the last node, and say where each part goes."""
    missing, of_rare = gang.counts[rare], list[int]()
    for node, losses, took in reversed(steps):
        here = took[missing]
        missing -= here
        of_rare += [node] * here
        if node in alone:
            alone[node] -= losses[here]
    rare_places, other_places = iter(of_rare), (node for node, count in alone.items() for _ in range(count))
    return [next(rare_places if shape is rare else other_places) for shape in gang.shapes]
