"""What found no room in this pass: who asks for as much or more need not be tried."""

from zoe.scheduling.shapes import Gang, Shape
from zoe.scheduling.vectors import Vector, holds


class Refusals:
    """The gangs and shapes that were refused. Room only shrinks during a pass, so a refusal stands until its end.

    `refused`: those that are known to be, so far.
    """

    __slots__ = ("_compared", "_least", "refused")

    def __init__(self) -> None:
        self.refused: set[Gang | Shape] = set()
        self._least: list[tuple[Vector, frozenset[str]]] = []
        # How many of the least a shape was compared with: it is compared again only when there are more.
        self._compared: dict[Shape, int] = {}

    def add(self, gang: Gang) -> None:
        """Refuse a gang."""
        self.refused.add(gang)

    def add_shape(self, shape: Shape) -> None:
        """Refuse every part that asks for as much as this one, or more, of as few nodes, or fewer."""
        if not self.covers_shape(shape):
            self._least.insert(0, (shape.need, shape.labels))
            self.refused.add(shape)

    def covers(self, gang: Gang) -> bool:
        """Tell whether a gang is refused."""
        if gang in self.refused:
            return True
        if self._least and any(map(self.covers_shape, gang.counts)):
            self.refused.add(gang)
            return True
        return False

    def covers_shape(self, shape: Shape) -> bool:
        """Tell whether a part is refused."""
        if shape in self.refused:
            return True
        if self._compared.get(shape) == len(self._least):
            return False
        for place, (need, labels) in enumerate(self._least):
            if holds(shape.need, need) and labels <= shape.labels:
                # Whoever refuses one refuses most: it is asked first from now on.
                self._least.insert(0, self._least.pop(place))
                self.refused.add(shape)
                return True
        self._compared[shape] = len(self._least)
        return False
