"""One node after the other."""

from collections.abc import Sequence

from zoe.placements.average import share_left, shares_left
from zoe.plugin import Node, Offer, Part, Placement, Resources, Score, ScoringPlacement, hookimpl


class Waterfill(ScoringPlacement):
    """Fills nodes up: each service goes to the busiest node that still has room, so that others stay empty."""

    name = "waterfill"

    def score(self, part: Part, node: Node, free: Resources, beside: int) -> Score:  # noqa: ARG002
        """Prefer the node with the least left, but none with GPUs to a service that needs none; then its image."""
        wasted = bool(node.total.gpus and not part.reserved.gpus)
        return wasted, share_left(part, node, free), part.image not in node.images

    def scores(self, part: Part, offers: Sequence[Offer]) -> list[Score]:
        """Rate several nodes."""
        image, needs_gpus = part.image, part.reserved.gpus
        rated = zip(shares_left(part, offers), offers, strict=True)
        return [
            (bool(node.total.gpus and not needs_gpus), share, image not in node.images) for share, (node, _, _) in rated
        ]


@hookimpl
def zoe_placement() -> type[Placement]:
    """Offer the placement `waterfill`."""
    return Waterfill
