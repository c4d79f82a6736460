"""First in, first out."""

from zoe.plugin import Application, KeyedPolicy, Policy, hookimpl


class Fifo(KeyedPolicy):
    """Serves executions in the order of their submission."""

    name = "fifo"

    def key(self, application: Application) -> tuple[float, ...]:
        """Return the time of submission; among those of one moment the lower id comes first."""
        return (application.submitted,)


@hookimpl
def zoe_policy() -> type[Policy]:
    """Offer the policy `fifo`."""
    return Fifo
