"""Small ones first."""

from collections.abc import Sequence

from zoe.plugin import Application, Policy, hookimpl


class Size(Policy):
    """Serves the owners of higher priority first, and of theirs the smaller executions; a large one may starve."""

    name = "size"

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:  # noqa: ARG002
        """Order by the owner's priority, then by size, then by submission."""
        return sorted(applications, key=lambda one: (-one.priority, size_of(one), one.submitted, one.id))


def size_of(application: Application) -> float:
    """Return the size that the owner gave; where there is none, the cores of all services, as a size of one each."""
    return application.size or sum(part.reserved.cores for part in application.parts)


@hookimpl
def zoe_policy() -> type[Policy]:
    """Offer the policy `size`."""
    return Size
