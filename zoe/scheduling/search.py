"""Whether a gang fits, and where: exact for gangs of one shape or two, a bounded search for others."""

from collections.abc import Callable, Sequence

from zoe.scheduling.model import Node
from zoe.scheduling.pairs import fit_two
from zoe.scheduling.shapes import Gang, Shape
from zoe.scheduling.vectors import Vector, holds, minus, those_with_room, times

WithLabels = Callable[[frozenset[str]], Sequence[int]]
_LARGEST_SEARCHED = 24
_MOST_STEPS = 150


def fit(gang: Gang, room: Sequence[Vector], with_labels: WithLabels, nodes: Sequence[Node]) -> list[int] | None:
    """Return a node for each of the gang's shapes so that `room` holds them all; None if none was found."""
    filled = _fill(gang, room, with_labels)
    if filled is not None or gang.uniform:
        return filled
    if len(gang.counts) == 2:
        return fit_two(gang, room, [with_labels(shape.labels) for shape in gang.counts])
    if len(gang.shapes) > _LARGEST_SEARCHED:
        return None
    for shape, count in gang.counts.items():
        where = those_with_room(with_labels(shape.labels), room, shape.need)
        if sum(times(room[n], shape.need, count) for n in where) < count:
            return None
    search = _Search(gang.shapes, room, with_labels, nodes)
    return search.chosen if search.go_on() else None


def _fill(gang: Gang, room: Sequence[Vector], with_labels: WithLabels) -> list[int] | None:
    chosen: list[int] = []
    left: dict[int, Vector] = {}
    for shape, missing in gang.runs:
        for node in those_with_room(with_labels(shape.labels), room, shape.need):
            have = left.get(node, room[node])
            fitting = times(have, shape.need, missing)
            if fitting:
                left[node] = _less(have, shape.need, fitting)
                chosen += [node] * fitting
                missing -= fitting  # noqa: PLW2901 - of this run
                if not missing:
                    break
        if missing:
            return None
    return chosen


def _less(have: Vector, need: Vector, count: int) -> Vector:
    return have[0] - count * need[0], have[1] - count * need[1], have[2] - count * need[2]


class _Search:
    """Depth first, tightest node first; of nodes that are alike only one is tried."""

    def __init__(
        self, shapes: Sequence[Shape], room: Sequence[Vector], with_labels: WithLabels, nodes: Sequence[Node]
    ) -> None:
        self._shapes = shapes
        self._nodes = nodes
        self._where = {shape: those_with_room(with_labels(shape.labels), room, shape.need) for shape in shapes}
        self._left = {node: room[node] for where in self._where.values() for node in where}
        self._steps = _MOST_STEPS
        self.chosen: list[int] = []

    def go_on(self) -> bool:
        if len(self.chosen) == len(self._shapes):
            return True
        shape = self._shapes[len(self.chosen)]
        for node in self._options(shape):
            self._steps -= 1
            if self._steps < 0:
                return False
            before = self._left[node]
            self._left[node] = minus(before, shape.need)
            self.chosen.append(node)
            if self.go_on():
                return True
            self.chosen.pop()
            self._left[node] = before
        return False

    def _options(self, shape: Shape) -> list[int]:
        different: dict[tuple[Vector, frozenset[str]], int] = {}
        placed = len(self.chosen)
        # Parts of one shape are interchangeable: each goes no further to the front than the one before it.
        first = self.chosen[-1] if placed and self._shapes[placed - 1] is shape else 0
        for node in self._where[shape]:
            if node >= first and holds(self._left[node], shape.need):
                different.setdefault((self._left[node], self._nodes[node].labels), node)
        return sorted(different.values(), key=lambda node: (minus(self._left[node], shape.need), node))
