"""The HTTP server: waitress around a WSGI application, in a thread of its own."""

import socket
import threading
import time
from collections.abc import Callable
from typing import Any, cast

from waitress import wasyncore
from waitress.server import TcpWSGIServer, create_server

from zoe.api.followers import BUFFERED
from zoe.errors import ZoeError

_FINISHING = 1
_CONNECTIONS = 800
"""So that idle ones shut nobody out; a process may commonly have 1,024 files open."""


class HttpServer:
    """Serves until closed. `address` is where it can be reached: http://HOST:PORT. `max_body` in bytes."""

    def __init__(self, app: Callable[..., Any], host: str, port: int, threads: int, max_body: int) -> None:
        self._sockets: dict[int, Any] = {}
        self._host, self._listening = host, _listen(host, port)
        # One socket makes one server, though the library's type says there may be several.
        self._server = cast(
            "TcpWSGIServer",
            create_server(
                app,
                map=self._sockets,
                sockets=[self._listening],
                threads=threads,
                ident="zoe",
                max_request_body_size=max_body,
                clear_untrusted_proxy_headers=True,
                connection_limit=_CONNECTIONS,
                outbuf_high_watermark=4 * BUFFERED,  # beyond that a slow reader holds a thread
                channel_request_lookahead=1,  # notices that a client has gone while its answer is still made
            ),
        )
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    @property
    def address(self) -> str:
        """Return the URL of the server, as this machine reaches it."""
        host = "127.0.0.1" if self._host in {"0.0.0.0", "::"} else self._host  # noqa: S104 - compared, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{self._listening.getsockname()[1]}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Take no more requests; those under way have a second to finish."""
        self._closing.set()
        cast("Any", self._server.trigger).pull_trigger()
        self._server.task_dispatcher.shutdown(timeout=_FINISHING)
        self._thread.join()
        wasyncore.close_all(self._sockets, ignore_all=True)

    def _run(self) -> None:
        while not self._closing.is_set():
            wasyncore.loop(timeout=30, map=self._sockets, use_poll=True, count=1)
        self._server.close()  # nobody new comes in
        deadline = time.monotonic() + _FINISHING
        while self._server.task_dispatcher.threads and time.monotonic() < deadline:
            wasyncore.loop(timeout=0.1, map=self._sockets, use_poll=True, count=1)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise ZoeError(
            f"Zoe cannot listen on {host}:{port}: {error.strerror or error}. If another `zoe serve` runs there, "
            "stop it or choose another port with ZOE_API__PORT."
        ) from error
