"""The contract of a placement: which node a service goes to."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from zoe.plugin.base import Plugin
from zoe.scheduling.model import Node, Offer, Part, Resources, Score


class Placement(Plugin):
    """Picks a node. Pure, and called from the master's loop: no I/O."""

    @abstractmethod
    def choose(self, part: Part, candidates: Sequence[Node], free: Mapping[str, Resources]) -> Node:
        """Return one of `candidates`: never empty, each open, with the labels and the room. `free` is by node name."""


class ScoringPlacement(Placement):
    """A placement that rates each node by itself: only nodes that changed are rated again, however many there are."""

    @abstractmethod
    def score(self, part: Part, node: Node, free: Resources, beside: int) -> Score:
        """Rate a node for a service; the lowest wins, among equals the first.

        It may depend on nothing but the part's reservation and image, the node, what is free on it, and `beside`:
        how many services of the same execution are on that node.
        """

    def scores(self, part: Part, offers: Sequence[Offer]) -> Sequence[Score]:
        """Rate several nodes; who can do that with less work than one by one, does it here."""
        return [self.score(part, node, free, beside) for node, free, beside in offers]

    def choose(self, part: Part, candidates: Sequence[Node], free: Mapping[str, Resources]) -> Node:
        """Return the candidate with the lowest score; where the execution's other services are is not known here."""
        return min(candidates, key=lambda node: (self.score(part, node, free[node.name], 0), node.name))
