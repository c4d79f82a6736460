"""Where the image already is."""

from collections.abc import Sequence

from zoe.placements.average import share_left, shares_left
from zoe.plugin import Node, Offer, Part, Placement, Resources, Score, ScoringPlacement, hookimpl


class Image(ScoringPlacement):
    """Prefers nodes that already have a service's image: it starts without a download; else spreads the load."""

    name = "image"

    def score(self, part: Part, node: Node, free: Resources, beside: int) -> Score:  # noqa: ARG002
        """Prefer a node with the image, then the least busy."""
        return part.image not in node.images, -share_left(part, node, free)

    def scores(self, part: Part, offers: Sequence[Offer]) -> list[Score]:
        """Rate several nodes."""
        rated = zip(shares_left(part, offers), offers, strict=True)
        return [(part.image not in node.images, -share) for share, (node, _, _) in rated]


@hookimpl
def zoe_placement() -> type[Placement]:
    """Offer the placement `image`."""
    return Image
