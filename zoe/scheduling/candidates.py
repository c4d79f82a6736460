"""Where a part may start now, remembered by shape: only nodes that changed since are looked at again."""

from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush

from zoe.scheduling.guard import FAULTS, Chooser
from zoe.scheduling.model import Offer, Part, Resources, Score
from zoe.scheduling.remembered import Memory, Remembered
from zoe.scheduling.room import Room
from zoe.scheduling.shapes import Shape
from zoe.scheduling.together import carries
from zoe.scheduling.vectors import holds, resources


class Candidates:
    """Picks nodes for one pass. What is not capped is remembered beyond it: the cap is another in each pass."""

    def __init__(self, room: Room, chooser: Chooser, memory: Memory) -> None:
        self.room = room
        self.chooser = chooser
        self.free = _FreeRoom(room)
        self._memory = memory
        self._of: tuple[dict[Shape, Remembered], dict[Shape, Remembered]] = (
            memory.looked_at(room.log, len(room.nodes)),
            {},
        )

    def look(self, shape: Shape, *, capped: bool) -> Remembered:
        """Return the nodes where a part of a shape may start."""
        found = self._of[capped].get(shape)
        log = self.room.log
        if found is None or len(log) - found.at > 8 * len(self.room.nodes):
            nodes = self.room.where_now(shape, capped=capped)
            found = self._of[capped][shape] = Remembered(len(log), nodes)
        elif found.at < len(log):
            self._look_again(found, log[found.at :], shape, capped=capped)
            found.at = len(log)
        return found

    def _look_again(self, found: Remembered, changed: list[int], shape: Shape, *, capped: bool) -> None:
        room, nodes, labels = self.room, found.nodes, shape.labels
        now, cap = room.now, room.cap if capped else None
        cores, memory, gpus = shape.need
        for node in set(changed) if len(changed) > 1 else changed:
            free = now[node]
            # Written out: what changes anywhere is looked at for every shape.
            if cores > free[0] or memory > free[1] or gpus > free[2] or (cap and not holds(cap[node], shape.need)):
                nodes.pop(node, None)
                continue
            rated = nodes.get(node)
            if (rated is None or rated[0] != free) and (not labels or carries(room.nodes[node], labels)):
                found.doubt(node)

    def rate(self, part: Part, numbers: Sequence[int]) -> list[tuple[Score, int]]:
        """Return what the placement says of nodes without parts of the same execution.

        Nothing, if it fails: then it is asked for no score again in this pass.
        """
        ask = self.chooser.scores
        if ask is None or not numbers:
            return []
        now, nodes, told = self.room.now, self.room.nodes, self._memory.told
        offers: list[Offer] = []
        for number in numbers:
            free, as_told = now[number], told.get(number)
            if as_told is None or as_told[0] is not free:
                as_told = told[number] = free, (nodes[number], resources(free), 0)
            offers.append(as_told[1])
        try:
            scores = ask(part, offers)
            self._memory.check(scores)
            return list(zip(scores, numbers, strict=True))
        except FAULTS as error:
            self._failed(error)
            return []

    def rate_one(self, part: Part, number: int, count: int) -> Score | None:
        """Return what the placement says of one node with so many parts of the same execution; None if it fails."""
        # As `rate`, without its lists: each part that is placed leads here.
        ask = self.chooser.score
        if ask is None:
            return None
        try:
            score = ask(part, self.room.nodes[number], resources(self.room.now[number]), count)
            self._memory.check((score,))
        except FAULTS as error:
            self._failed(error)
            return None
        return score

    def _failed(self, error: BaseException) -> None:
        self.chooser.score_failed(error)
        self._memory.forget()  # what it said before counts no more either


class Picking:
    """Picks nodes for parts of one execution and one shape, one after the other. Others change no room meanwhile.

    `beside`: the execution's parts, by node; whoever places one where it was told to counts it there.
    """

    def __init__(self, candidates: Candidates, shape: Shape, beside: Mapping[int, int], *, capped: bool) -> None:
        self._candidates = candidates
        self._shape = shape
        self._beside = beside
        self._capped = capped
        self._begun = False
        self._found = candidates.look(shape, capped=capped)
        self._near: list[tuple[Score, int]] = []
        self._last = -1

    def node(self, part: Part) -> int | None:
        """Return the node for a part, None if no node has room."""
        if not self._found.nodes:
            return None
        candidates = self._candidates
        if candidates.chooser.scores is not None:
            if not self._begun:
                self._begin(part)
            elif self._last >= 0:
                self._rate_again(part, self._last)
            if candidates.chooser.scores is not None:  # it may have failed just now
                self._last = self._best()
                return self._last if self._last >= 0 else None
        found = candidates.look(self._shape, capped=self._capped)
        if not found.nodes:
            return None
        numbers = sorted(found.nodes)
        nodes = candidates.room.nodes
        return numbers[candidates.chooser.choose(part, [nodes[n] for n in numbers], candidates.free)]

    def _begin(self, part: Part) -> None:
        self._begun = True
        found, now, nodes = self._found, self._candidates.room.now, self._found.nodes
        rated = self._candidates.rate(part, found.take_doubts())
        for score, node in rated:
            nodes[node] = now[node], score
        found.add(rated)
        for node in self._beside:
            if node in nodes:
                self._rate_beside(part, node)

    def _rate_beside(self, part: Part, node: int) -> None:
        score = self._candidates.rate_one(part, node, self._beside.get(node, 0))
        if score is not None:
            heappush(self._near, (score, node))

    def _rate_again(self, part: Part, node: int) -> None:
        if self._candidates.room.may_start(self._shape, node, capped=self._capped):
            self._rate_beside(part, node)

    def _best(self) -> int:
        """Take the best node: of those without parts of this execution, or of those with some; -1 if there is none."""
        found, near = self._found, self._near
        best, nodes, beside = found.best, found.nodes, self._beside
        while best:
            score, node = best[0]
            rated = nodes.get(node)
            if rated is not None and rated[1] == score:
                if near and near[0] < best[0]:
                    break
                found.doubt(node)  # its room changes now, or somebody is beside
                if node not in beside:
                    heappop(best)
                    return node
            heappop(best)
        return heappop(near)[1] if near else -1


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
