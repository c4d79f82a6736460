"""Who has waited long for little goes first."""

from collections.abc import Sequence

from zoe.plugin import Application, Policy, hookimpl
from zoe.policies.durations import typical

_SHORTEST = 1e-3


class Hrrn(Policy):
    """Serves the highest response ratio first: the time since submission over the time it runs; nothing starves.

    History tells how long it runs. One that runs goes on counting: where cores start at once, elastic services are all
    there is to share out, and who is late for its length gets them first. An execution without a history counts as
    typical of those that have one; where nobody has one this is FIFO. Priorities are not looked at.
    """

    name = "hrrn"

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        """Order by the ratio of the time since submission to the duration, then by submission."""
        unknown = typical(applications)
        return sorted(applications, key=lambda one: (-_ratio(one, now, unknown), one.submitted, one.id))


def _ratio(one: Application, now: float, unknown: float) -> float:
    lasts = one.expected.seconds if one.expected else unknown
    return max(0.0, now - one.submitted) / max(lasts, _SHORTEST)


@hookimpl
def zoe_policy() -> type[Policy]:
    """Offer the policy `hrrn`."""
    return Hrrn
