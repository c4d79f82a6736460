"""Where a part may start now, remembered by shape: only nodes that changed since are looked at again."""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from zoe.scheduling.guard import Chooser
from zoe.scheduling.model import Part, Resources
from zoe.scheduling.room import Room
from zoe.scheduling.shapes import Shape
from zoe.scheduling.together import carries
from zoe.scheduling.vectors import Vector, resources

Score = tuple[float, ...]
_MOST_SCORES, _MOST_SHAPES = 20_000, 50


@dataclass(slots=True)
class _Remembered:
    nodes: dict[int, Score | None]
    at: int
    unrated: list[int]
    scores: dict[tuple[int, Vector, int], Score]
    best: list[tuple[Score, int]] = field(default_factory=list)


class Scores:
    """What a placement said of nodes, kept between passes: it depends on nothing but what it was asked with."""

    def __init__(self) -> None:
        self._of: dict[Shape, dict[tuple[int, Vector, int], Score]] = {}

    def of(self, shape: Shape) -> dict[tuple[int, Vector, int], Score]:
        """Return what is known of a shape: by the node's number, what is free there, and how many are beside."""
        found = self._of.get(shape)
        if found is None or len(found) > _MOST_SCORES:
            if len(self._of) > _MOST_SHAPES:
                self._of.clear()
            found = self._of[shape] = {}
        return found


class Candidates:
    """Picks nodes for one pass."""

    def __init__(self, room: Room, chooser: Chooser, scores: Scores) -> None:
        self._room = room
        self._chooser = chooser
        self._scores = scores
        self._of: dict[tuple[Shape, bool], _Remembered] = {}
        self._free = _FreeRoom(room)

    def pick(self, part: Part, shape: Shape, beside: Mapping[int, int], *, capped: bool) -> int | None:
        """Return the node for a part, None if no node has room. `beside`: its execution's parts, by node."""
        found = self._look(shape, capped=capped)
        if not found.nodes:
            return None
        if self._chooser.scores:
            return self._best(part, found, beside)
        numbers = sorted(found.nodes)
        return numbers[self._chooser.choose(part, [self._room.nodes[n] for n in numbers], self._free)]

    def _look(self, shape: Shape, *, capped: bool) -> _Remembered:
        found = self._of.get((shape, capped))
        log = self._room.log
        if found is None:
            nodes = self._room.where_now(shape, capped=capped)
            self._of[shape, capped] = found = _Remembered(dict.fromkeys(nodes), len(log), nodes, self._scores.of(shape))
        elif found.at < len(log):
            labelled = shape.labels
            for node in set(log[found.at :]):
                if not self._room.may_start(shape, node, capped=capped):
                    found.nodes.pop(node, None)
                elif carries(self._room.nodes[node], labelled):
                    found.nodes[node] = None
                    found.unrated.append(node)
            found.at = len(log)
        return found

    def _best(self, part: Part, found: _Remembered, beside: Mapping[int, int]) -> int:
        self._rate(part, found)
        passed: list[tuple[Score, int]] = []
        rated = [(self._score(part, found, node, count), node) for node, count in beside.items() if node in found.nodes]
        while found.best:
            score, node = found.best[0]
            if found.nodes.get(node) == score:
                if node not in beside:
                    rated.append((score, node))
                    break
                passed.append((score, node))
            heapq.heappop(found.best)
        for entry in passed:
            heapq.heappush(found.best, entry)
        return min(rated)[1]

    def _rate(self, part: Part, found: _Remembered) -> None:
        for node in found.unrated:
            if node in found.nodes and found.nodes[node] is None:
                rating = found.nodes[node] = self._score(part, found, node, 0)
                heapq.heappush(found.best, (rating, node))
        found.unrated.clear()

    def _score(self, part: Part, found: _Remembered, node: int, beside: int) -> Score:
        free = self._room.now[node]
        known = found.scores.get((node, free, beside))
        if known is None:
            known = self._chooser.score(part, self._room.nodes[node], resources(free), beside)
            if self._chooser.scores:  # it has not failed meanwhile
                found.scores[node, free, beside] = known
        return known


class _FreeRoom(Mapping[str, Resources]):
    """What is free, by a node's name, as a placement sees it."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._number = room.number

    def __getitem__(self, name: str) -> Resources:
        return resources(self._room.now[self._number[name]])

    def __iter__(self) -> Iterator[str]:
        return iter(self._number)

    def __len__(self) -> int:
        return len(self._number)
