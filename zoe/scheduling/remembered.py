"""What a placement said of nodes, kept between passes."""

from collections.abc import Iterable, Sequence
from heapq import heapify, heappush

from zoe.scheduling.model import Offer, Score
from zoe.scheduling.shapes import Shape
from zoe.scheduling.vectors import Vector

Rated = tuple[Vector, Score]
"""What was free on a node, and what its score was then."""

_MOST_NODES = 50_000


class Remembered:
    """The nodes where parts of one shape may start, as they were when the log of changes was `at` long.

    `nodes`: for each its score with nothing beside; None while it is in `unrated`.
    `best`: scores with nodes as a heap; an entry counts while it is the node's score still.
    """

    __slots__ = ("at", "best", "nodes", "unrated")

    def __init__(self, at: int, nodes: list[int]) -> None:
        self.at = at
        self.nodes: dict[int, Rated | None] = dict.fromkeys(nodes)
        self.unrated = nodes
        self.best: list[tuple[Score, int]] = []

    def doubt(self, node: int) -> None:
        """Note that a node has to be rated (again) before the best is looked for."""
        self.nodes[node] = None
        self.unrated.append(node)

    def add(self, rated: list[tuple[Score, int]]) -> None:
        """Put scores on the heap."""
        if 8 * len(rated) > len(self.best):
            self.best += rated
            heapify(self.best)
            return
        for entry in rated:
            heappush(self.best, entry)

    def take_doubts(self) -> list[int]:
        """Return what has to be rated now; who asks does it at once."""
        if len(self.best) > 4 * len(self.nodes) + 50:
            self.best = [(rated[1], node) for node, rated in self.nodes.items() if rated is not None]
            heapify(self.best)
        doubtful = [node for node in set(self.unrated) if self.nodes.get(node, True) is None]
        self.unrated = []
        return doubtful


class Memory:
    """What is remembered of shapes, as long as the nodes are the same.

    `told`: what was free on a node, by its number, and the same as an offer to placements.
    """

    def __init__(self) -> None:
        self.told: dict[int, tuple[Vector, Offer]] = {}
        self._looked_at: dict[Shape, Remembered] = {}
        self._log: Iterable[int] = ()
        self._tuples: bool | None = None

    def looked_at(self, log: Iterable[int], nodes: int) -> dict[Shape, Remembered]:
        """Return what the last pass left, to go on with; nothing where the log of changes is not the same any more.

        `nodes`: how many there are.
        """
        if log is not self._log or (len(self._looked_at) * nodes > _MOST_NODES and self._size() > _MOST_NODES):
            self._looked_at, self._log = {}, log
        return self._looked_at

    def _size(self) -> int:
        return sum(len(one.nodes) for one in self._looked_at.values())

    def check(self, scores: Sequence[Score]) -> None:
        """Raise unless scores can be compared, with each other and with those of any other time."""
        tuples = isinstance(scores[0], tuple)
        if self._tuples is not tuples:
            if self._tuples is not None:
                raise TypeError("a score is a number at one time and a tuple at another")
            self._tuples = tuples
        # What holds anything but numbers raises; no loop of ours: this is the innermost step of a pass.
        sum(map(sum, scores) if tuples else scores)  # type: ignore[arg-type]

    def forget(self) -> None:
        """Let the next pass begin from nothing."""
        self._log, self._tuples = (), None
