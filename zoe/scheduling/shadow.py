"""The shadow of the blocked head: the room that it will have, once enough others have ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import merge

from zoe.scheduling.prospect import Prospect
from zoe.scheduling.register import Ending
from zoe.scheduling.room import Room
from zoe.scheduling.shapes import Gang
from zoe.scheduling.vectors import Vector, minus


@dataclass(frozen=True, slots=True)
class Shadow:
    """The room that the head will have.

    `at`: when (seconds since the epoch; infinity: nobody knows). `after`: who ends before. `cap`: what others may hold
    on each node at that time.
    """

    at: float
    after: Sequence[int]
    cap: list[Vector]


def cast(gang: Gang, room: Room, running: Iterable[Ending], newcomers: Iterable[Ending]) -> Shadow | None:
    """Find the first moment at which the gang has its room; None if it has it not even when all have ended.

    `running` comes in the order of ends. What may be taken back is no obstacle; everything firm is.
    """
    left = list(room.ever)
    prospect = Prospect(gang, left, room)
    after: list[int] = []
    for (at, _, id_), held in merge(running, sorted(newcomers, key=lambda one: one[0]), key=lambda one: one[0]):
        if not prospect.give(held):
            continue
        after.append(id_)
        nodes = prospect.nodes()
        if nodes is not None:
            for node, shape in zip(nodes, gang.shapes, strict=True):
                left[node] = minus(left[node], shape.need)
            return Shadow(at, after, left)
    return None
