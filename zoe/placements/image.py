"""Where the image already is."""

from collections.abc import Sequence

from zoe.placements.average import shares_left
from zoe.plugin import Node, Offer, Part, Placement, Resources, Score, ScoringPlacement, hookimpl


class Image(ScoringPlacement):
    """Prefers nodes that already have a service's image: it starts without a download; else spreads the load."""

    name = "image"

    def score(self, part: Part, node: Node, free: Resources, beside: int) -> Score:
        """Prefer a node with the image, then the least busy."""
        return self.scores(part, [(node, free, beside)])[0]

    def scores(self, part: Part, offers: Sequence[Offer]) -> list[Score]:
        """Rate several nodes."""
        rated = zip(shares_left(part, offers), offers, strict=True)
        return [(part.image not in node.images, -share) for share, (node, _, _) in rated]


@hookimpl
def zoe_placement() -> type[Placement]:
    """Offer the placement `image`."""
    return Image
