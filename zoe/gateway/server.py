"""The gateway's thread: an event loop of its own, the server on it, nginx before it where there is one."""

import asyncio
import logging
import socket
import threading
from concurrent.futures import Future
from contextlib import AsyncExitStack

from aiohttp import web

from zoe.errors import ZoeError
from zoe.gateway.parts import Collaborators, Parts

log = logging.getLogger(__name__)
_LONGEST_HEADER = 32_768
_READY = 10.0  # seconds for the first reading of the routes
_FINISHING = 0.2  # seconds
_AGAIN = 0.5  # seconds


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket.

    Raises:
        ZoeError: the port is taken.

    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        raise ZoeError(
            f"Zoe's gateway cannot listen on {host}:{port}: {error.strerror or error}. If another `zoe serve` runs "
            "there, stop it or choose another port with ZOE_GATEWAY__PORT."
        ) from error


class Gateway:
    """Serves from `start` to `close`, whichever thread calls them. What fails altogether is started again."""

    def __init__(self, collaborators: Collaborators, listening: socket.socket) -> None:
        self._with, self._listening = collaborators, listening
        self._host, self._port = listening.getsockname()[:2]
        self._started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="gateway", daemon=True)
        self._closing = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._server: web.Server | None = None

    @property
    def requests(self) -> int:
        """Tell how many requests were answered here: those that nginx serves by itself are not among them."""
        return self._server.requests_count if self._server is not None else 0

    def start(self) -> None:
        """Begin; return as soon as the routes are known and requests are answered."""
        self._thread.start()
        self._started.result()

    def close(self) -> None:
        """End it; connections that are open are cut."""
        self._closing.set()
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                asyncio.run(self._serve())
            except Exception as error:
                if not self._started.done():
                    self._started.set_exception(error)
                    return
                log.exception("the gateway has failed; starting it again")
                self._closing.wait(_AGAIN)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with AsyncExitStack() as stack:
            parts = Parts(self._with, stack)
            server = self._server = web.Server(
                parts.entry,
                access_log=None,
                handler_cancellation=True,
                auto_decompress=False,
                max_line_size=_LONGEST_HEADER,
                max_field_size=_LONGEST_HEADER,
            )
            stack.push_async_callback(server.shutdown, _FINISHING)
            working = parts.begin()
            async with asyncio.timeout(_READY):
                await parts.following.ready.wait()
            await self._open(parts, server, stack)
            if not self._started.done():
                self._started.set_result(None)
            stopped = asyncio.create_task(self._stop.wait())
            await asyncio.wait((stopped, *working), return_when=asyncio.FIRST_COMPLETED)
            for task in working:
                if task.done():
                    task.result()

    async def _open(self, parts: Parts, server: web.Server, stack: AsyncExitStack) -> None:
        """Answer where browsers come in: nginx does if there is one, else the server itself."""
        if self._with.nginx is not None:
            inner = listen("127.0.0.1", 0)
            await self._accept(server, inner, stack)
            if await parts.front(self._with.nginx, self._host, self._port, inner, self._listening):
                return
        if self._listening.fileno() < 0:
            self._listening = listen(self._host, self._port)
        await self._accept(server, self._listening, stack)

    async def _accept(self, server: web.Server, on: socket.socket, stack: AsyncExitStack) -> None:
        taken = await asyncio.get_running_loop().create_server(server, sock=on, backlog=1024)
        stack.callback(taken.close)


__all__ = ["Collaborators", "Gateway", "listen"]
