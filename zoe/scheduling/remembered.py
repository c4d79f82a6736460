"""What a placement said of nodes, kept between passes."""

from collections.abc import Iterable
from heapq import heapify, heappush

from zoe.scheduling.model import Resources
from zoe.scheduling.shapes import Shape
from zoe.scheduling.vectors import Vector

Score = tuple[float, ...]
Rated = tuple[Vector, Score]
"""What was free on a node, and what its score was then."""
Scores = dict[int, Rated]
"""The last score of each node. With parts of the same execution beside, its key is the node's number and their number
times the number of nodes."""

_MOST_SCORES, _MOST_SHAPES, _MOST_NODES = 20_000, 200, 50_000


class Remembered:
    """The nodes where parts of one shape may start, as they were when the log of changes was `at` long.

    `nodes`: for each its score with nothing beside; None while it is in `unrated`.
    `best`: scores with nodes as a heap; an entry counts while it is the node's score still.
    """

    __slots__ = ("at", "best", "nodes", "scores", "unrated")

    def __init__(self, at: int, nodes: list[int], scores: Scores) -> None:
        self.at = at
        self.nodes: dict[int, Rated | None] = dict.fromkeys(nodes)
        self.unrated = nodes
        self.scores = scores
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

    `seen`: what was free on a node, by its number, and the same as placements are told it.
    """

    def __init__(self) -> None:
        self.seen: dict[int, tuple[Vector, Resources]] = {}
        self._scores: dict[Shape, Scores] = {}
        self._looked_at: dict[Shape, Remembered] = {}
        self._log: Iterable[int] = ()

    def scores(self, shape: Shape) -> Scores:
        """Return what is known of a shape: a score depends on nothing but what it was asked with."""
        found = self._scores.get(shape)
        if found is None or len(found) > _MOST_SCORES:
            if len(self._scores) > _MOST_SHAPES:
                self._scores.clear()
            found = self._scores[shape] = {}
        return found

    def looked_at(self, log: Iterable[int]) -> dict[Shape, Remembered]:
        """Return what the last pass left, to go on with; nothing where the log of changes is not the same any more."""
        if log is not self._log or sum(len(one.nodes) for one in self._looked_at.values()) > _MOST_NODES:
            self._looked_at, self._log = {}, log
        return self._looked_at

    def forget(self) -> None:
        """Let the next pass begin from nothing."""
        self._scores, self._log = {}, ()
