"""What parts look like to the scheduler: parts of one shape are interchangeable, and so are gangs of one shape."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from zoe.scheduling.model import Part, Resources
from zoe.scheduling.vectors import Vector, of


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Shape:
    """What a part asks of a node. Interned: two of the same content are the same object."""

    need: Vector
    labels: frozenset[str]
    image: str


Run = tuple[Shape, int]
"""Parts of one shape that follow each other, and how many they are."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Gang:
    """The shapes of parts that start together or not at all, hardest to place first. Interned as shapes are."""

    runs: tuple[Run, ...]
    shapes: tuple[Shape, ...] = field(init=False)
    counts: dict[Shape, int] = field(init=False)

    def __post_init__(self) -> None:
        shapes: list[Shape] = []
        counts: dict[Shape, int] = {}
        for shape, count in self.runs:
            shapes += [shape] * count
            counts[shape] = counts.get(shape, 0) + count
        object.__setattr__(self, "shapes", tuple(shapes))
        object.__setattr__(self, "counts", counts)

    @property
    def uniform(self) -> bool:
        """Whether all its parts are of one shape: then any way of placing them is as good as any other."""
        return len(self.counts) == 1


_LATELY, _DESCRIBED = 100, 2000


class Catalogue:
    """All shapes and gangs in use; what nobody uses any more is forgotten."""

    def __init__(self) -> None:
        self._shapes: WeakValueDictionary[tuple[Vector, frozenset[str], str], Shape] = WeakValueDictionary()
        self._gangs: WeakValueDictionary[tuple[Run, ...], Gang] = WeakValueDictionary()
        # Thousands wait with the same elastic parts: they keep one description of them, as they keep one gang.
        self._runs: dict[tuple[Run, ...], tuple[Run, ...]] = {}
        # Parts of one execution share their reservation and are looked at again and again. It is kept beside its
        # shape, so that no other gets its id meanwhile.
        self._lately: dict[int, tuple[Resources, frozenset[str], str, Shape]] = {}

    def shape(self, part: Part) -> Shape:
        """Return the shape of a part."""
        reserved = part.reserved
        last = self._lately.get(id(reserved))
        if last is not None and last[0] is reserved and last[1] is part.labels and last[2] == part.image:
            return last[3]
        key = of(reserved), part.labels, part.image
        found = self._shapes.get(key)
        if found is None:
            found = self._shapes[key] = Shape(*key)
        if len(self._lately) >= _LATELY:
            self._lately.clear()
        self._lately[id(reserved)] = reserved, part.labels, part.image, found
        return found

    def gang(self, parts: Iterable[Part]) -> Gang:
        """Return the gang that parts make, given hardest first."""
        runs = self.runs(parts)
        found = self._gangs.get(runs)
        if found is None:
            found = self._gangs[runs] = Gang(runs)
        return found

    def runs(self, parts: Iterable[Part]) -> tuple[Run, ...]:
        """Return the shapes of parts in their order."""
        runs: list[Run] = []
        last: Part | None = None
        count = 0
        for part in parts:
            # Parts of one group mostly share what they ask for: then there is nothing to look up.
            if (
                last is not None
                and part.reserved is last.reserved
                and part.labels is last.labels
                and part.image is last.image
            ):
                count += 1
                continue
            if last is not None:
                _add(runs, self.shape(last), count)
            last, count = part, 1
        if last is not None:
            _add(runs, self.shape(last), count)
        if len(self._runs) >= _DESCRIBED:
            self._runs.clear()
        found = tuple(runs)
        return self._runs.setdefault(found, found)


def _add(runs: list[Run], shape: Shape, count: int) -> None:
    if runs and runs[-1][0] is shape:
        count += runs.pop()[1]
    runs.append((shape, count))


def hardest_first(parts: Iterable[Part]) -> list[Part]:
    """Sort parts: the one that fits on the fewest nodes chooses first, so that a gang which fits is found to fit."""
    found = list(parts)
    if len(found) > 1:
        found.sort(key=_hardness)
    return found


def _hardness(part: Part) -> tuple[float, ...]:
    return (-part.reserved.gpus, -len(part.labels), -part.reserved.memory, -part.reserved.cores, part.id)
