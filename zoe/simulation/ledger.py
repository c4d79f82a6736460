"""What is allocated on each node, counted a second time: the simulator trusts no plan."""

from collections.abc import Sequence

from zoe.errors import ZoeError
from zoe.scheduling.model import NOTHING, Node, Part, Resources


class PlanInvalidError(ZoeError):
    """The scheduler decided something that cannot be."""


class Ledger:
    """The nodes of the simulated cluster and what runs on them."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes
        self.total = sum((node.total for node in nodes if node.open), NOTHING)
        self.cores = 0.0
        self.memory = 0
        self._free = {node.name: node.total for node in nodes if node.open}

    def take(self, part: Part, node: str) -> None:
        """Allocate what a part reserves.

        Raises:
            PlanInvalidError: the node is unknown, closed or full.

        """
        free = self._free.get(node)
        if free is None or not free.holds(part.reserved):
            has = "is not there" if free is None else f"has {free.cores:g} cores and {free.memory} bytes free"
            raise PlanInvalidError(
                f"A service of group {part.group} ({part.reserved.cores:g} cores, {part.reserved.memory} bytes) "
                f"was placed on {node}, which {has}."
            )
        self._count(node, free - part.reserved, part.reserved, 1)

    def give_back(self, part: Part, node: str) -> None:
        """Undo `take`."""
        self._count(node, self._free[node] + part.reserved, part.reserved, -1)

    def _count(self, node: str, free: Resources, reserved: Resources, sign: int) -> None:
        self._free[node] = free
        self.cores += sign * reserved.cores
        self.memory += sign * reserved.memory
