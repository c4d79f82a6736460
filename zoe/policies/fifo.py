"""First in, first out."""

from collections.abc import Sequence
from operator import attrgetter

from zoe.plugin import Application, Policy, hookimpl

_arrival = attrgetter("submitted", "id")


class Fifo(Policy):
    """Serves executions in the order of their submission."""

    name = "fifo"

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:  # noqa: ARG002
        """Order by the time of submission; among those of one moment by id."""
        return sorted(applications, key=_arrival)


@hookimpl
def zoe_policy() -> type[Policy]:
    """Offer the policy `fifo`."""
    return Fifo
