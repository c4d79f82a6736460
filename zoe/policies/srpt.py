"""Who is done first goes first."""

from collections.abc import Sequence

from zoe.plugin import Application, Policy, hookimpl
from zoe.policies.durations import typical


class Srpt(Policy):
    """Serves what has the shortest time left to run, by history; a long one may starve.

    The owner's priority comes first. An execution without a history counts as typical of those that have one; where
    nobody has one this is FIFO.
    """

    name = "srpt"

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        """Order by the owner's priority, then by the time left, then by submission."""
        unknown = typical(applications)
        return sorted(applications, key=lambda one: (-one.priority, _left(one, now, unknown), one.submitted, one.id))


def _left(one: Application, now: float, unknown: float) -> float:
    lasts = one.expected.seconds if one.expected else unknown
    return lasts if one.started is None else max(0.0, lasts - (now - one.started))


@hookimpl
def zoe_policy() -> type[Policy]:
    """Offer the policy `srpt`."""
    return Srpt
