"""One node after the other."""

from zoe.placements.average import share_left
from zoe.plugin import Node, Part, Placement, Resources, Score, ScoringPlacement, hookimpl


class Waterfill(ScoringPlacement):
    """Fills nodes up: each service goes to the busiest node that still has room, so that others stay empty."""

    name = "waterfill"

    def score(self, part: Part, node: Node, free: Resources, beside: int) -> Score:  # noqa: ARG002
        """Prefer the node with the least left, but none with GPUs to a service that needs none; then its image."""
        wasted = bool(node.total.gpus and not part.reserved.gpus)
        return wasted, share_left(part, node, free), part.image not in node.images


@hookimpl
def zoe_placement() -> type[Placement]:
    """Offer the placement `waterfill`."""
    return Waterfill
