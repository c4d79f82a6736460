"""Where the image already is."""

from zoe.placements.average import share_left
from zoe.plugin import Node, Part, Placement, Resources, Score, ScoringPlacement, hookimpl


class Image(ScoringPlacement):
    """Prefers nodes that already have a service's image: it starts without a download; else spreads the load."""

    name = "image"

    def score(self, part: Part, node: Node, free: Resources, beside: int) -> Score:  # noqa: ARG002
        """Prefer a node with the image, then the least busy."""
        return part.image not in node.images, -share_left(part, node, free)


@hookimpl
def zoe_placement() -> type[Placement]:
    """Offer the placement `image`."""
    return Image
