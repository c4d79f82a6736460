"""The room on the nodes while one pass is being made."""

from collections.abc import Iterable
from typing import Literal

from zoe.scheduling.register import Register
from zoe.scheduling.shapes import Shape
from zoe.scheduling.together import carries
from zoe.scheduling.vectors import NONE, Vector, holds, lesser, minus, plus, those_with_room

Amount = Literal["now", "soon", "ever"]


class Room:
    """A copy of the register's amounts that a pass may change.

    `now`: what may be given away in this pass, which is what is free and not kept for somebody. `cap`: what may be
    held, by those who came after the blocked head, for as long as the head waits; None while nobody is blocked.
    `log`: the nodes whose room changed, in order, so that who remembers candidates looks only at those again; it goes
    on from pass to pass.
    """

    def __init__(self, register: Register) -> None:
        self.nodes, self.number = register.nodes, register.number
        self.totals, self._labelled = register.totals, register.labelled
        self.free, self.soon, self.ever = register.free.copy(), register.soon.copy(), register.ever.copy()
        for number in register.closed:
            self.free[number] = self.soon[number] = self.ever[number] = NONE
        self.now = self.free.copy()
        self.cap: list[Vector] | None = None
        self.log = register.begin_log()
        self._capped: dict[Amount, list[Vector]] = {}

    def with_labels(self, labels: frozenset[str]) -> list[int]:
        """Return the open nodes that carry labels."""
        found = self._labelled.get(labels)
        if found is None:
            # Remembered in the register for later passes; it begins another dictionary when nodes change.
            found = [number for number, node in enumerate(self.nodes) if node.open and carries(node, labels)]
            self._labelled[labels] = found
        return found

    def start(self, node: int, need: Vector, *, firm: bool, capped: bool) -> None:
        """Give room to a part that starts now; `firm`: for good, otherwise it may be taken back."""
        # Written out, as it is done for every part that starts: `free` less, and `claim`.
        cores, memory, gpus = need
        free, soon = self.free[node], self.soon[node]
        self.free[node] = free[0] - cores, free[1] - memory, free[2] - gpus
        self.soon[node] = soon[0] - cores, soon[1] - memory, soon[2] - gpus
        if firm:
            ever = self.ever[node]
            self.ever[node] = ever[0] - cores, ever[1] - memory, ever[2] - gpus
        if capped and self.cap is not None:
            self.cap[node] = minus(self.cap[node], need)
        self._changed(node)

    def undo_start(self, node: int, need: Vector, *, firm: bool, capped: bool) -> None:
        """Undo `start`."""
        self.free[node] = plus(self.free[node], need)
        self.unclaim(node, need, firm=firm, capped=capped)

    def claim(self, node: int, need: Vector, *, firm: bool, capped: bool) -> None:
        """Keep room for a part that starts in a later pass."""
        self.soon[node] = minus(self.soon[node], need)
        if firm:
            self.ever[node] = minus(self.ever[node], need)
        if capped and self.cap is not None:
            self.cap[node] = minus(self.cap[node], need)
        self._changed(node)

    def unclaim(self, node: int, need: Vector, *, firm: bool, capped: bool) -> None:
        """Undo `claim`."""
        self.soon[node] = plus(self.soon[node], need)
        if firm:
            self.ever[node] = plus(self.ever[node], need)
        if capped and self.cap is not None:
            self.cap[node] = plus(self.cap[node], need)
        self._changed(node)

    def take_back(self, node: int, need: Vector) -> None:
        """Count a part that is told to stop: its room is on its way."""
        if node >= 0 and self.nodes[node].open:
            self.soon[node] = plus(self.soon[node], need)
            self._changed(node)

    def leave(self, node: int, need: Vector) -> None:
        """Undo `take_back`."""
        if node >= 0 and self.nodes[node].open:
            self.soon[node] = minus(self.soon[node], need)
            self._changed(node)

    def may_start(self, shape: Shape, node: int, *, capped: bool) -> bool:
        """Tell whether a node has room now for a part; labels are not looked at."""
        return holds(self.now[node], shape.need) and (
            not capped or self.cap is None or holds(self.cap[node], shape.need)
        )

    def where_now(self, shape: Shape, *, capped: bool) -> list[int]:
        """Return the nodes where a part may start now."""
        found = those_with_room(self.with_labels(shape.labels), self.now, shape.need)
        return those_with_room(found, self.cap, shape.need) if capped and self.cap is not None else found

    def limit(self, cap: list[Vector]) -> None:
        """Set the cap."""
        self.cap = cap
        self._capped.clear()

    def within(self, amount: Amount, *, capped: bool) -> list[Vector]:
        """Return an amount of each node as far as the cap allows it; not to be changed."""
        all_: list[Vector] = getattr(self, amount)
        if not capped or self.cap is None:
            return all_
        if amount not in self._capped:
            self._capped[amount] = list(map(lesser, all_, self.cap))
        return self._capped[amount]

    def owes(self, nodes: Iterable[int]) -> bool:
        """Tell whether more is kept on one of these nodes than there will be."""
        return any(min(self.soon[node]) < 0 for node in nodes if node >= 0 and self.nodes[node].open)

    def _changed(self, node: int) -> None:
        # Written out, as `lesser` is.
        a, b = self.free[node], self.soon[node]
        self.now[node] = a[0] if a[0] < b[0] else b[0], a[1] if a[1] < b[1] else b[1], a[2] if a[2] < b[2] else b[2]  # noqa: FURB136
        self.log.append(node)
        if self.cap is not None:
            for amount, capped in self._capped.items():
                capped[node] = lesser(getattr(self, amount)[node], self.cap[node])
