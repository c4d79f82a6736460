"""Small ones first."""

from zoe.plugin import Application, KeyedPolicy, Policy, hookimpl


class Size(KeyedPolicy):
    """Serves the owners of higher priority first, and of theirs the smaller executions; a large one may starve."""

    name = "size"

    def key(self, application: Application) -> tuple[float, ...]:
        """Return the owner's priority, the higher first, then the size, then the time of submission."""
        return -application.priority, size_of(application), application.submitted


def size_of(application: Application) -> float:
    """Return the size that the owner gave; where there is none, the cores of all services, as a size of one each."""
    return application.size or sum(part.reserved.cores for part in application.parts)


@hookimpl
def zoe_policy() -> type[Policy]:
    """Offer the policy `size`."""
    return Size
