"""Anywhere."""

from collections.abc import Mapping, Sequence
from zlib import crc32

from zoe.plugin import Node, Part, Placement, Resources, hookimpl


class Random(Placement):
    """Picks any node that has the room; the same node for the same service if nothing else changed."""

    name = "random"

    def choose(self, part: Part, candidates: Sequence[Node], free: Mapping[str, Resources]) -> Node:  # noqa: ARG002
        """Return a candidate that the service's id decides on."""
        return candidates[crc32(str(part.id).encode()) % len(candidates)]


@hookimpl
def zoe_placement() -> type[Placement]:
    """Offer the placement `random`."""
    return Random
