"""The contract of a backfill: what the idle cluster is given to."""

from abc import abstractmethod
from collections.abc import Sequence

from zoe.plugin.base import Plugin
from zoe.scheduling.model import Resources


class Backfill(Plugin):
    """Offers opportunistic executions for resources that nobody wants."""

    @abstractmethod
    def offer(self, idle: Sequence[Resources]) -> Sequence[dict[str, object]]:
        """Return ZApp documents to run now in `idle` (one entry for each node), each small enough for one node."""
