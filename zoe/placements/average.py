"""Every node equally busy."""

from collections.abc import Sequence

from zoe.plugin import Node, Offer, Part, Placement, Resources, Score, ScoringPlacement, hookimpl

_FINE = 1_000_000_000
"""Shares are compared in so many steps, so that the noise of fractions does not decide."""


class Average(ScoringPlacement):
    """Spreads the load: each service goes to the node that is the least busy with it."""

    name = "average"

    def score(self, part: Part, node: Node, free: Resources, beside: int) -> Score:  # noqa: ARG002
        """Prefer the node whose scarcest resource has the largest share free, the service counted; then its image.

        GPUs are no part of the comparison: a service that needs none should not flee the nodes that have some.
        """
        return (part.image not in node.images) - 2 * share_left(part, node, free)

    def scores(self, part: Part, offers: Sequence[Offer]) -> list[Score]:
        """Rate several nodes."""
        # `share_left` written out: this is the innermost step of a pass, and the default placement.
        cores, memory, image = part.reserved.cores, part.reserved.memory, part.image
        rated: list[Score] = []
        for node, free, _ in offers:
            total = node.total
            left = (free.cores - cores) / total.cores if total.cores else 0.0
            of_memory = (free.memory - memory) / total.memory if total.memory else 0.0
            share = int((left if left < of_memory else of_memory) * _FINE + 0.5)  # noqa: FURB136
            rated.append((image not in node.images) - 2 * share)
        return rated


def share_left(part: Part, node: Node, free: Resources) -> int:
    """Return how much of a node's scarcer resource (cores, memory) is left with the service on it; 1e9 is all."""
    total, need = node.total, part.reserved
    left = (free.cores - need.cores) / total.cores if total.cores else 0.0
    of_memory = (free.memory - need.memory) / total.memory if total.memory else 0.0
    return int((left if left < of_memory else of_memory) * _FINE + 0.5)  # noqa: FURB136 - min() takes longer


@hookimpl
def zoe_placement() -> type[Placement]:
    """Offer the placement `average`."""
    return Average
