"""An execution on as few nodes as possible."""

from zoe.plugin import Node, Part, Placement, Resources, ScoringPlacement, hookimpl

_ENOUGH = 1000


class Pack(ScoringPlacement):
    """Keeps an execution together: its services go where its others are, else where most of them have room."""

    name = "pack"

    def score(self, part: Part, node: Node, free: Resources, beside: int) -> tuple[float, ...]:
        """Prefer nodes with services of the same execution, then those that hold the most like this; then its image."""
        wasted = bool(node.total.gpus and not part.reserved.gpus)
        return -beside, wasted, -_fitting(part.reserved, free), part.image not in node.images


def _fitting(need: Resources, free: Resources) -> int:
    pairs = (free.cores, need.cores), (free.memory, need.memory), (free.gpus, need.gpus)
    return int(min([have / want for have, want in pairs if want], default=_ENOUGH) + 1e-9)


@hookimpl
def zoe_placement() -> type[Placement]:
    """Offer the placement `pack`."""
    return Pack
