"""The backend `swarm`: services are services of a Docker Swarm."""

from backend_swarm.backend import SwarmBackend
from zoe.plugin import Backend, hookimpl


@hookimpl
def zoe_backend() -> type[Backend]:
    """Offer the backend `swarm`."""
    return SwarmBackend
