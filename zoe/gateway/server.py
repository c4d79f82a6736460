"""The gateway's thread: an event loop of its own, the server on it, and all that belongs to that loop."""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass

from aiohttp import web

from zoe.errors import ZoeError
from zoe.gateway.activity import ActivityBook, Note
from zoe.gateway.addresses import AddressBook
from zoe.gateway.door import Door
from zoe.gateway.entry import Entry
from zoe.gateway.events import EventBoard
from zoe.gateway.following import Following
from zoe.gateway.links import GatewayLinks
from zoe.gateway.logs import LogBoard
from zoe.gateway.owners import Owners
from zoe.gateway.pump import Read
from zoe.gateway.streams import StreamGate
from zoe.gateway.table import Table
from zoe.gateway.upstream import Dialler, Upstream
from zoe.gateway.visits import Reception, Visitors
from zoe.plugin import Address, Handle
from zoe.state.changes import Change, ChangeListener
from zoe.state.database import Database

log = logging.getLogger(__name__)
_THREADS = 4
_LONGEST_HEADER = 32_768
_READY = 10.0  # seconds for the first reading of the routes
_FINISHING = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Collaborators:
    """Who the gateway works with. `address`, `note` and `logs` may take their time: they are called on threads."""

    database: Database
    links: GatewayLinks
    visitors: Visitors
    address: Callable[[Handle, int], Address]
    note: Note
    logs: Read
    note_seconds: float = 5.0


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
    """Serves from `start` to `close`, whichever thread calls them."""

    def __init__(self, collaborators: Collaborators, listening: socket.socket) -> None:
        self._with, self._listening = collaborators, listening
        self._started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, name="gateway", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

    def start(self) -> None:
        """Begin; return as soon as the routes are known and requests are answered."""
        self._thread.start()
        self._started.result()

    def close(self) -> None:
        """End it; connections that are open are cut."""
        if self._loop is not None and self._stop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            log.exception("the gateway has failed")
            if not self._started.done():
                self._started.set_exception(error)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        async with AsyncExitStack() as stack:
            following, entry = await self._parts(stack)
            server = web.Server(
                entry,
                access_log=None,
                handler_cancellation=True,
                auto_decompress=False,
                max_line_size=_LONGEST_HEADER,
                max_field_size=_LONGEST_HEADER,
            )
            stack.push_async_callback(server.shutdown, _FINISHING)
            taken = await self._loop.create_server(server, sock=self._listening, backlog=1024)
            stack.callback(taken.close)
            async with asyncio.timeout(_READY):
                await following.ready.wait()
            self._started.set_result(None)
            await self._stop.wait()

    async def _parts(self, stack: AsyncExitStack) -> tuple[Following, Entry]:
        pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="gateway-state")
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        database, links, table = self._with.database, self._with.links, Table()
        following = Following(database, pool, table)
        reception, owners = Reception(self._with.visitors, pool), Owners(database, pool)
        addresses = AddressBook(self._with.address)
        stack.callback(addresses.close)
        dialler = Dialler(addresses, links.settings.connect_timeout)
        upstream = Upstream(dialler)
        stack.push_async_callback(upstream.close)
        activity = ActivityBook(self._with.note, pool, self._with.note_seconds)
        stack.push_async_callback(activity.flush)
        door = Door(links, table, reception, owners, dialler, upstream, activity)
        table.gone.append(door.forget)
        following.accounts_changed.append(reception.accounts_changed)
        following.changed.append(owners.changed)
        self._listen_to_changes(following, stack)
        for task in (following.run(), activity.run()):
            stack.callback(asyncio.create_task(task).cancel)
        entry = Entry(links, reception, door)
        self._streams(entry, following, table, owners, pool, stack)
        return following, entry

    def _streams(  # noqa: PLR0913, PLR0917 - puts the parts together
        self,
        entry: Entry,
        following: Following,
        table: Table,
        owners: Owners,
        pool: ThreadPoolExecutor,
        stack: AsyncExitStack,
    ) -> None:
        gate = StreamGate(self._with.links, entry.reception)
        events = EventBoard(self._with.database, pool, table, owners, gate)
        following.changed.append(events.changed)
        logs = LogBoard(self._with.database, pool, self._with.logs, gate)
        stack.callback(logs.close)
        entry.own |= {"events": events.answer, "logs": logs.answer}

    def _listen_to_changes(self, following: Following, stack: AsyncExitStack) -> None:
        loop = asyncio.get_running_loop()

        def heard(change: Change) -> None:
            loop.call_soon_threadsafe(following.hear, change)

        listener = ChangeListener(self._with.database.url, heard)
        listener.start()
        stack.callback(listener.close)
