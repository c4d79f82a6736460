"""Every node equally busy."""

from collections.abc import Mapping, Sequence

from zoe.plugin import Node, Part, Placement, Resources, hookimpl


class Average(Placement):
    """Spreads the load: each service goes to the node that is the least busy with it."""

    name = "average"

    def choose(self, part: Part, candidates: Sequence[Node], free: Mapping[str, Resources]) -> Node:
        """Return the node whose scarcest resource has the largest share free, the service counted; else the first name.

        GPUs are no part of the comparison: a service that needs none should not flee the nodes that have some.
        """
        return min(candidates, key=lambda node: (-_share_left(part, node, free[node.name]), node.name))


def _share_left(part: Part, node: Node, free: Resources) -> float:
    left = free - part.reserved
    cores = left.cores / node.total.cores if node.total.cores else 0.0
    memory = left.memory / node.total.memory if node.total.memory else 0.0
    return round(min(cores, memory), 9)


@hookimpl
def zoe_placement() -> type[Placement]:
    """Offer the placement `average`."""
    return Average
