"""Two pages beside those of Jupyter: what Zoe asks to know whether anybody works here, and the way to the base path.

The first tells numbers only, to anybody who reaches the port; the gateway passes nothing to it.
"""

from typing import Any

from tornado.web import RequestHandler

PATH = "/zoe/activity"


class Activity(RequestHandler):
    """How many kernels there are, and how many of them work; a kernel that starts counts as working."""

    def get(self) -> None:
        """Answer in JSON."""
        kernels = self.settings["kernel_manager"].list_kernels()
        self.write({"kernels": len(kernels), "busy": sum(kernel["execution_state"] != "idle" for kernel in kernels)})


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
