"""The contract of a placement: which node a service goes to."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from zoe.plugin.base import Plugin
from zoe.scheduling.model import Node, Part, Resources


class Placement(Plugin):
    """Picks a node. Pure, and called from the master's loop: no I/O."""

    @abstractmethod
    def choose(self, part: Part, candidates: Sequence[Node], free: Mapping[str, Resources]) -> Node:
        """Return one of `candidates`: never empty, each open, with the labels and the room. `free` is by node name."""
