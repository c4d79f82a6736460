"""The parts of the gateway, put together on its loop."""

import asyncio
import logging
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from zoe.gateway.activity import ActivityBook, Note
from zoe.gateway.addresses import AddressBook
from zoe.gateway.door import Door
from zoe.gateway.entry import Entry
from zoe.gateway.events import EventBoard
from zoe.gateway.following import Following
from zoe.gateway.fronting import Fronting, Places
from zoe.gateway.life import LifeSign
from zoe.gateway.links import GatewayLinks
from zoe.gateway.logs import LogBoard
from zoe.gateway.owners import Owners
from zoe.gateway.patience import Patience
from zoe.gateway.pump import Read
from zoe.gateway.stays import Stays
from zoe.gateway.streams import StreamGate
from zoe.gateway.table import Table
from zoe.gateway.tunnel import TunnelEnd
from zoe.gateway.upstream import Dialler, Upstream
from zoe.gateway.visits import Reception, Visitors
from zoe.plugin import Address, Handle
from zoe.state.changes import Change, ChangeListener
from zoe.state.database import Database

log = logging.getLogger(__name__)
_THREADS = 4


@dataclass(frozen=True, slots=True)
class Collaborators:
    """Who the gateway works with.

    `address`, `note` and `logs` may take their time: they are called on threads. `nginx` is the program that is to be
    in front, if any; `directory` is where its files go.
    """

    database: Database
    links: GatewayLinks
    visitors: Visitors
    address: Callable[[Handle, int], Address]
    note: Note
    logs: Read
    directory: Path
    nginx: Path | None = None
    note_seconds: float = 5.0


class Parts:
    """Everything that belongs to the loop; what each needs for its end is on the stack."""

    def __init__(self, collaborators: Collaborators, stack: AsyncExitStack) -> None:
        self._with, self._stack = collaborators, stack
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="gateway-state")
        stack.callback(self._pool.shutdown, wait=False, cancel_futures=True)
        self._table = Table()
        self.following = Following(collaborators.database, self._pool, self._table)
        self._reception = Reception(collaborators.visitors, self._pool)
        self._stays = Stays(self._reception)
        self._owners = Owners(collaborators.database, self._pool)
        self._addresses = AddressBook(collaborators.address)
        stack.callback(self._addresses.close)
        self._activity = ActivityBook(collaborators.note, self._pool, collaborators.note_seconds)
        stack.push_async_callback(self._activity.flush)
        self._listener = self._listen()
        self._door = self._make_door()
        self.entry = Entry(collaborators.links, self._reception, self._door)
        self._add_streams()
        # In this order: who is looked at again is asked for anew.
        self.following.accounts_changed += [self._reception.accounts_changed, self._stays.accounts_changed]
        self.following.changed.append(self._owners.changed)

    def _make_door(self) -> Door:
        links = self._with.links
        dialler = Dialler(self._addresses, links.settings.connect_timeout)
        upstream = Upstream(dialler)
        self._stack.push_async_callback(upstream.close)
        patience = Patience()
        self.following.changed.append(patience.changed)
        door = Door(
            links, self._table, self._reception, self._owners, dialler, upstream, self._activity, self._stays, patience
        )
        self._table.gone.append(door.forget)
        return door

    def _listen(self) -> ChangeListener:
        loop = asyncio.get_running_loop()

        def heard(change: Change) -> None:
            loop.call_soon_threadsafe(self.following.hear, change)

        return ChangeListener(self._with.database.url, heard)

    def _add_streams(self) -> None:
        database, gate = self._with.database, StreamGate(self._with.links, self._reception, self._stays)
        events = EventBoard(database, self._pool, self._table, self._owners, gate)
        self.following.changed.append(events.changed)
        logs = LogBoard(database, self._pool, self._with.logs, gate)
        self._stack.callback(logs.close)
        tunnel = TunnelEnd(self._table, self._reception, self._door.dialler, self._activity, self._stays)
        life = LifeSign(self._listener, self.following, gate)
        own = {"alive": life.answer, "events": events.answer, "logs": logs.answer, "proxy": tunnel.answer}
        self.entry.own |= own

    def begin(self) -> list["asyncio.Task[None]"]:
        """Follow the database and note activity; return tasks that are done only if they fail."""
        self._listener.start()
        self._stack.callback(self._listener.close)
        tasks = [asyncio.create_task(task) for task in (self.following.run(), self._activity.run())]
        for task in tasks:
            self._stack.callback(task.cancel)
        return tasks

    async def front(self, program: Path, host: str, port: int, inner: socket.socket, public: socket.socket) -> bool:
        """Put nginx in front, on the port that `public` holds; False if it does not come up."""
        loop = asyncio.get_running_loop()
        heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        heard.bind(("127.0.0.1", 0))
        places = Places(self._with.directory, host, port, inner.getsockname()[1], heard.getsockname()[1])
        fronting = Fronting(program, places, self._with.links, self._table, self._addresses)
        transport, _ = await loop.create_datagram_endpoint(fronting.heard(self._activity.saw), sock=heard)
        self._stack.callback(transport.close)
        public.close()
        if not await fronting.nginx.start():
            return False
        self._stack.callback(fronting.nginx.stop)
        self._stack.callback(asyncio.create_task(fronting.nginx.run()).cancel)
        self._door.fronting = fronting
        self.following.accounts_changed.append(fronting.accounts_changed)
        return True
