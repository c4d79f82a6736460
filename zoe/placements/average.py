"""Every node equally busy."""

from zoe.plugin import Node, Part, Placement, Resources, ScoringPlacement, hookimpl


class Average(ScoringPlacement):
    """Spreads the load: each service goes to the node that is the least busy with it."""

    name = "average"

    def score(self, part: Part, node: Node, free: Resources, beside: int) -> tuple[float, ...]:  # noqa: ARG002
        """Prefer the node whose scarcest resource has the largest share free, the service counted; then its image.

        GPUs are no part of the comparison: a service that needs none should not flee the nodes that have some.
        """
        return -share_left(part, node, free), part.image not in node.images


def share_left(part: Part, node: Node, free: Resources) -> float:
    """Return how much of a node's scarcer resource (cores, memory) is left with the service on it, from 0 to 1."""
    total, need = node.total, part.reserved
    cores = (free.cores - need.cores) / total.cores if total.cores else 0.0
    memory = (free.memory - need.memory) / total.memory if total.memory else 0.0
    # Written out: it is the innermost step of a pass.
    return round(cores if cores < memory else memory, 9)  # noqa: FURB136


@hookimpl
def zoe_placement() -> type[Placement]:
    """Offer the placement `average`."""
    return Average
