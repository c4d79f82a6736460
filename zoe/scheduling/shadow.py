"""The shadow of the blocked head: the room that it will have, once enough others have ended."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import merge

from zoe.scheduling.register import Ending, Held
from zoe.scheduling.room import Room
from zoe.scheduling.search import fit
from zoe.scheduling.shapes import Gang, Shape
from zoe.scheduling.vectors import Vector, minus, plus, times


@dataclass(frozen=True, slots=True)
class Shadow:
    """The room that the head will have.

    `at`: when (seconds since the epoch; infinity: nobody knows). `after`: who ends before. `cap`: what others may hold
    on each node at that time.
    """

    at: float
    after: Sequence[int]
    cap: list[Vector]


class Prospect:
    """The room for one gang while others end one after the other; each end costs only a look at its own nodes."""

    def __init__(self, gang: Gang, left: list[Vector], room: Room) -> None:
        self._gang = gang
        self._left = left
        self._room = room
        self._where = {shape: set(room.with_labels(shape.labels)) for shape in gang.counts}
        self._fitting: dict[Shape, int] = {
            shape: sum(times(left[node], shape.need, count) for node in self._where[shape])
            for shape, count in gang.counts.items()
        }

    def give(self, held: Iterable[Held]) -> bool:
        """Count what an execution gives back; tell whether that gives the gang more room."""
        better = False
        for _, node, need in held:
            if self._counts(node):
                better = self._change(node, plus(self._left[node], need)) or better
        return better

    def take(self, held: Iterable[Held]) -> None:
        """Undo `give`."""
        for _, node, need in held:
            if self._counts(node):
                self._change(node, minus(self._left[node], need))

    def _counts(self, node: int) -> bool:
        return node >= 0 and self._room.nodes[node].open

    def _change(self, node: int, after: Vector) -> bool:
        before, self._left[node] = self._left[node], after
        better = False
        for shape, count in self._gang.counts.items():
            if node in self._where[shape]:
                more = times(after, shape.need, count) - times(before, shape.need, count)
                self._fitting[shape] += more
                better = better or more > 0
        return better

    def nodes(self) -> list[int] | None:
        """Return where the gang fits now."""
        if any(self._fitting[shape] < count for shape, count in self._gang.counts.items()):
            return None
        return fit(self._gang, self._left, self._room.with_labels, self._room.nodes)


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
