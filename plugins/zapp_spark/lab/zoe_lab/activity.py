"""Two pages beside those of Jupyter: what Zoe asks to know whether anybody works here, and the way to the base path.

The first tells numbers only, to anybody who reaches the port; the gateway passes nothing to it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tornado.web import RequestHandler

PATH = "/zoe/activity"
AT_REST = frozenset({"idle", "dead"})
"""A dead kernel is one that Jupyter could not bring back: it stays in the list until somebody closes it."""


def counts(kernels: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Count the kernels that Jupyter lists, and those at work: also what starts, or what nobody knows."""
    return {"kernels": len(kernels), "busy": sum(kernel["execution_state"] not in AT_REST for kernel in kernels)}


class Activity(RequestHandler):
    """How many kernels there are, and how many of them work."""

    def get(self) -> None:
        """Answer in JSON."""
        self.write(counts(self.settings["kernel_manager"].list_kernels()))


class ToTheBase(RequestHandler):
    """Whoever comes without the gateway's path, from this machine, is sent to it."""

    def get(self) -> None:
        """Redirect, with what was asked for."""
        self.redirect(self.settings["base_url"].rstrip("/") + self.request.uri)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "zoe_lab.activity"}]


def _load_jupyter_server_extension(server: Any) -> None:
    pages: list[tuple[str, type[RequestHandler]]] = [(PATH, Activity)]
    if server.base_url != "/":
        pages += [("/", ToTheBase), ("/lab", ToTheBase)]
    server.web_app.add_handlers(".*$", pages)
