"""First in, first out."""

from collections.abc import Sequence

from zoe.plugin import Application, Policy, hookimpl


class Fifo(Policy):
    """Serves executions in the order of their submission."""

    name = "fifo"

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:  # noqa: ARG002
        """Order by the time of submission; among those of one moment by id."""
        return sorted(applications, key=lambda application: (application.submitted, application.id))


@hookimpl
def zoe_policy() -> type[Policy]:
    """Offer the policy `fifo`."""
    return Fifo
