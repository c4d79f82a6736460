"""The backend `docker`: services are containers of one or several Docker Engines."""

from backend_docker.backend import DockerBackend
from zoe.plugin import Backend, hookimpl


@hookimpl
def zoe_backend() -> type[Backend]:
    """Offer the backend `docker`."""
    return DockerBackend
