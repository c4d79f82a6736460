"""The room that a gang may have soon, counted step by step."""

from collections.abc import Iterable, Sequence

from zoe.scheduling.register import Held
from zoe.scheduling.room import Room
from zoe.scheduling.search import fit
from zoe.scheduling.shapes import Gang, Shape
from zoe.scheduling.vectors import Vector, minus, plus, times


class Prospect:
    """The room for one gang while others end, or stay after all; each of them costs only a look at its own nodes.

    `left`: the room on each node, which it changes.
    """

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

    def look_again(self, held: Iterable[Held], room: Sequence[Vector]) -> None:
        """Take over how much room there is now on the nodes of what is held."""
        for _, node, _ in held:
            if self._counts(node):
                self._change(node, room[node])

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
