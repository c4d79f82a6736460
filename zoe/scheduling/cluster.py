"""What is free, while a plan is being made."""

from collections.abc import Iterable, Sequence

from zoe.scheduling.model import NOTHING, Node, Part, Placement, Resources, Snapshot


class Cluster:
    """The nodes and what is free on each: their totals less what Zoe itself reserved, never what an engine says."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = [node for node in nodes if node.open]
        self.free = {node.name: node.total for node in nodes}

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Cluster":
        """Make the cluster as it is now: every placed part holds its reservation, wherever its execution stands."""
        cluster = cls(snapshot.nodes)
        for application in snapshot.applications:
            for part in application.parts:
                if part.node is not None:
                    cluster.take(part, part.node)
        return cluster

    def take(self, part: Part, node: str) -> None:
        """Reserve a part's resources on a node; on one that is no longer known there is nothing to count."""
        if node in self.free:
            self.free[node] -= part.reserved

    def give_back(self, part: Part, node: str) -> None:
        """Undo `take`."""
        if node in self.free:
            self.free[node] += part.reserved

    def candidates(self, part: Part) -> list[Node]:
        """Return the nodes that have the labels and the room for a part."""
        return [n for n in self.nodes if part.labels <= n.labels and self.free[n.name].holds(part.reserved)]

    def place(self, parts: Iterable[Part], placement: Placement) -> list[tuple[Part, str]] | None:
        """Find a place for all parts or for none (a gang); what was found is reserved."""
        placed: list[tuple[Part, str]] = []
        for part in sorted(parts, key=_largest_first):
            candidates = self.candidates(part)
            if not candidates:
                for done, node in placed:
                    self.give_back(done, node)
                return None
            node = placement.choose(part, candidates, self.free).name
            self.take(part, node)
            placed.append((part, node))
        return placed

    def total_free(self) -> Resources:
        """Return what is free on all open nodes together."""
        return sum((self.free[node.name] for node in self.nodes), NOTHING)


def _largest_first(part: Part) -> tuple[float, ...]:
    # The part that fits on the fewest nodes chooses first, so that a gang which fits is found to fit.
    return (-part.reserved.gpus, -len(part.labels), -part.reserved.memory, -part.reserved.cores, part.id)
