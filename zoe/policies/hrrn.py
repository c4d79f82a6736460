"""Who has waited long for little goes first."""

from collections.abc import Sequence

from zoe.plugin import Application, Policy, hookimpl
from zoe.policies.durations import typical

_SHORTEST = 1e-3


class Hrrn(Policy):
    """Serves the highest response ratio first: the time waited over the time it runs, by history; nothing starves.

    An execution without a history counts as typical of those that have one; where nobody has one this is FIFO.
    Priorities are not looked at.
    """

    name = "hrrn"

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        """Order by the ratio of waiting to running, then by submission."""
        unknown = typical(applications)
        return sorted(applications, key=lambda one: (-_ratio(one, now, unknown), one.submitted, one.id))


def _ratio(one: Application, now: float, unknown: float) -> float:
    waited = (now if one.started is None else one.started) - one.submitted
    lasts = one.expected.seconds if one.expected else unknown
    return max(0.0, waited) / max(lasts, _SHORTEST)


@hookimpl
def zoe_policy() -> type[Policy]:
    """Offer the policy `hrrn`."""
    return Hrrn
