"""What would let an execution start now: needing a little less, or the end of another one."""

from collections.abc import Sequence

from zoe.scheduling import words
from zoe.scheduling.register import Ending, Known
from zoe.scheduling.room import Room
from zoe.scheduling.search import fit
from zoe.scheduling.shapes import Gang, Shape
from zoe.scheduling.vectors import Vector, holds, minus, plus, resources

_MOST_LOOKED_AT = 100


class Remedies:
    """Looks for remedies after a pass."""

    def __init__(self, room: Room, endings: Sequence[Ending]) -> None:
        self._room = room
        self._endings = endings

    def of(self, known: Known) -> str:
        """Return what would help, as a sentence; empty where nothing simple would."""
        found = [words_ for words_ in (self._less(known), self._end(known)) if words_]
        return f"it could start {', or '.join(found)}" if found else ""

    def _less(self, known: Known) -> str:
        gang = known.gang
        if gang is None or not gang.uniform:
            return ""
        shape = gang.shapes[0]
        where = self._room.with_labels(shape.labels)
        lacks = sorted(_lack(self._room.now[node], shape.need) for node in where if min(self._room.now[node]) >= 0)
        for lack in lacks[:1]:
            less = minus(shape.need, lack)
            smaller = Gang((Shape(less, shape.labels, shape.image),) * len(gang.shapes))
            if any(less) and len(gang.shapes) == 1 and self._fits(smaller, self._room.now):
                return f"now if {known.core_parts()[0].group} needed {words.amount(resources(lack))} less"
        return ""

    def _end(self, known: Known) -> str:
        gang = known.gang
        if gang is None:
            return ""
        for (_, _, id_), held in self._endings[:_MOST_LOOKED_AT]:
            room = list(self._room.ever)
            for it in held:
                if it.node >= 0:
                    room[it.node] = plus(room[it.node], it.need)
            if any(_helps(gang, room, it.node) for it in held) and self._fits(gang, room):
                return f"when execution {id_} ends"
        return ""

    def _fits(self, gang: Gang, room: Sequence[Vector]) -> bool:
        return fit(gang, room, self._room.with_labels, self._room.nodes) is not None


def _helps(gang: Gang, room: Sequence[Vector], node: int) -> bool:
    return node >= 0 and any(holds(room[node], shape.need) for shape in gang.counts)


def _lack(room: Vector, need: Vector) -> Vector:
    return max(0, need[0] - room[0]), max(0, need[1] - room[1]), max(0, need[2] - room[2])
