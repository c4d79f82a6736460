"""Small ones first, and everybody gets smaller by waiting."""

from collections.abc import Sequence
from math import log2

from pydantic import Field

from zoe.plugin import Application, Deployment, PluginSettings, Policy, hookimpl
from zoe.policies.size import size_of

_SMALLEST = 2**-20


class DynsizeSettings(PluginSettings):
    """How fast size shrinks."""

    half_life_minutes: float = Field(30.0, gt=0, description="Waiting so long halves an execution's size.")


class Dynsize(Policy):
    """Serves small executions first; waiting halves the size again and again, so that nothing starves.

    A step of the owner's priority counts as a halving. Once an execution runs, its size stays as it was then.
    """

    name = "dynsize"
    Settings = DynsizeSettings

    def __init__(self, settings: DynsizeSettings, deployment: Deployment) -> None:
        super().__init__(settings, deployment)
        self._half_life = settings.half_life_minutes * 60

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        """Order by what is left of the size, then by submission."""
        return sorted(applications, key=lambda one: (self._left(one, now), one.submitted, one.id))

    def _left(self, one: Application, now: float) -> float:
        # In powers of two: a size that was halved a thousand times is still a number.
        waited = (now if one.started is None else one.started) - one.submitted
        return log2(max(size_of(one), _SMALLEST)) - max(0.0, waited) / self._half_life - one.priority


@hookimpl
def zoe_policy() -> type[Policy]:
    """Offer the policy `dynsize`."""
    return Dynsize
