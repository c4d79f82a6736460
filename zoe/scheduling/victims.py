"""Taking back: which parts give their room to others, last in policy order first, and never more than needed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from zoe.scheduling.register import Held, Known
from zoe.scheduling.room import Room
from zoe.scheduling.shapes import Shape
from zoe.scheduling.vectors import Vector, holds, minus, plus, those_with_room


@dataclass(slots=True, eq=False)
class Victim:
    """What stops together: one elastic part, or an opportunistic execution whole. `rank`: 0 is the first to go."""

    known: Known
    held: Sequence[Held]
    rank: int
    taken: bool = False

    @property
    def whole(self) -> bool:
        """Whether it is an opportunistic execution."""
        return self.known.app.opportunistic


class Victims:
    """All that may be taken back in a pass, in the order in which it goes."""

    def __init__(self, room: Room, ordered: Sequence[Known], opportunistic: Sequence[Known]) -> None:
        self._room = room
        self._all: list[Victim] = []
        # No method of this object: the two would hold each other, and only the collector would let go of a pass.
        self._coming = _line_up(ordered, opportunistic)

    def for_shape(self, shape: Shape, *, capped: bool, whole_only: bool = False) -> tuple[int, list[Victim]] | None:
        """Find the node where a part finds room at the expense of those that come last; return who must go there.

        `whole_only`: of opportunistic executions only.
        """
        gained: dict[int, Vector] = {}
        here: dict[int, list[Victim]] = {}
        allowed = self._allowed(shape, capped=capped)
        for victim in self._left(whole_only=whole_only):
            held = victim.held
            for node in (held[0].node,) if len(held) == 1 else {it.node for it in held}:
                if node not in allowed:
                    continue
                room = gained.get(node) or self._room.soon[node]
                gained[node] = room = plus(room, _on(victim, node))
                here.setdefault(node, []).append(victim)
                if holds(room, shape.need):
                    return node, self._needed(here[node], node, shape.need)
        return None

    def on_node(self, node: int, need: Vector) -> list[Victim]:
        """Return who must go from a node where the room for `need` is known to be, if those go who may."""
        room, here = self._room.soon[node], []
        for victim in self._left():
            if holds(room, need):
                break
            gain = _on(victim, node)
            if any(gain):
                room = plus(room, gain)
                here.append(victim)
        return self._needed(here, node, need)

    def of_owner(self, owner: str) -> Iterator[Victim]:
        """Return what an owner's own regular executions may give."""
        return (victim for victim in self._left() if victim.known.app.owner == owner and not victim.whole)

    def take(self, victims: Iterable[Victim]) -> None:
        """Take back."""
        for victim in victims:
            victim.taken = True
            for it in victim.held:
                self._room.take_back(it.node, it.need)

    def let_stay(self, victim: Victim) -> None:
        """Undo `take`."""
        victim.taken = False
        for it in victim.held:
            self._room.leave(it.node, it.need)

    def spare(self, victims: Sequence[Victim]) -> list[Victim]:
        """Let those stay after all, the most deserving first, whose room is not needed; return the others."""
        needed = []
        for victim in sorted(victims, key=lambda victim: -victim.rank):
            self.let_stay(victim)
            if self._room.owes(it.node for it in victim.held):
                self.take([victim])
                needed.append(victim)
        return needed

    def _left(self, *, whole_only: bool = False) -> Iterator[Victim]:
        for victim in self._in_line():
            if whole_only and not victim.whole:
                return
            if not victim.taken:
                yield victim

    def _in_line(self) -> Iterator[Victim]:
        """Return all; they line up only as far as somebody looks."""
        place = 0
        while True:
            if place == len(self._all):
                following = next(self._coming, None)
                if following is None:
                    return
                self._all.append(following)
            yield self._all[place]
            place += 1

    def _allowed(self, shape: Shape, *, capped: bool) -> set[int]:
        nodes = self._room.with_labels(shape.labels)
        ever = self._room.within("ever", capped=capped)
        return set(those_with_room(nodes, ever, shape.need))

    def _needed(self, victims: Sequence[Victim], node: int, need: Vector) -> list[Victim]:
        room = self._room.soon[node]
        for victim in victims:
            room = plus(room, _on(victim, node))
        needed = []
        for victim in reversed(victims):
            without = minus(room, _on(victim, node))
            if holds(without, need):
                room = without
            else:
                needed.append(victim)
        return needed


def _line_up(ordered: Sequence[Known], opportunistic: Sequence[Known]) -> Iterator[Victim]:
    rank = 0
    for known in reversed(opportunistic):
        if known.loose:
            yield Victim(known, known.loose, rank)
            rank += 1
    for known in reversed(ordered):
        for held in reversed(known.loose):
            yield Victim(known, (held,), rank)
            rank += 1


def _on(victim: Victim, node: int) -> Vector:
    if len(victim.held) == 1:
        return victim.held[0].need if victim.held[0].node == node else (0, 0, 0)
    total = (0, 0, 0)
    for it in victim.held:
        if it.node == node:
            total = plus(total, it.need)
    return total
