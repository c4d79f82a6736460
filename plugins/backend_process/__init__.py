"""The backend `process`: services are processes of this machine, kept by a small process that outlives Zoe."""

from backend_process.backend import ProcessBackend
from zoe.plugin import Backend, hookimpl


@hookimpl
def zoe_backend() -> type[Backend]:
    """Offer the backend `process`."""
    return ProcessBackend
