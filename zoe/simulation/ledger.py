"""What is allocated on each node, counted a second time: the simulator trusts no plan."""

from collections.abc import Sequence

from zoe.errors import ZoeError
from zoe.scheduling.model import NOTHING, Node, Part

_ROUNDING = 1e-6


class PlanInvalidError(ZoeError):
    """The scheduler decided something that cannot be."""


class _Free:
    """What is free on a node; changed in place, as it is for every service that starts or stops."""

    __slots__ = ("cores", "gpus", "memory")

    def __init__(self, node: Node) -> None:
        self.cores, self.memory, self.gpus = node.total.cores, node.total.memory, node.total.gpus


class Ledger:
    """The nodes of the simulated cluster and what runs on them."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes
        self.total = sum((node.total for node in nodes if node.open), NOTHING)
        self.cores = 0.0
        self.memory = 0
        self._free = {node.name: _Free(node) for node in nodes if node.open}

    def take(self, part: Part, node: str) -> None:
        """Allocate what a part reserves.

        Raises:
            PlanInvalidError: the node is unknown, closed or full.

        """
        free, need = self._free.get(node), part.reserved
        if free is None or need.cores > free.cores + _ROUNDING or need.memory > free.memory or need.gpus > free.gpus:
            raise PlanInvalidError(_words(part, node, free))
        free.cores -= need.cores
        free.memory -= need.memory
        free.gpus -= need.gpus
        self.cores += need.cores
        self.memory += need.memory

    def give_back(self, part: Part, node: str) -> None:
        """Undo `take`."""
        free, need = self._free[node], part.reserved
        free.cores += need.cores
        free.memory += need.memory
        free.gpus += need.gpus
        self.cores -= need.cores
        self.memory -= need.memory


def _words(part: Part, node: str, free: _Free | None) -> str:
    has = "is not there" if free is None else f"has {free.cores:g} cores and {free.memory} bytes free"
    return (
        f"A service of group {part.group} ({part.reserved.cores:g} cores, {part.reserved.memory} bytes) "
        f"was placed on {node}, which {has}."
    )
