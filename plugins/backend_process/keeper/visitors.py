"""Who talks with the keeper: Zoe, over several connections. A line of JSON asks, a line of JSON answers."""

import json
import os
import socket
import struct
from collections.abc import Callable

from .loop import Loop
from .notes import note

_LONGEST_REQUEST = 16 * 1024**2  # bytes
_MOST_UNREAD = 64 * 1024**2  # bytes; who does not listen is cut off, and asks for everything when it comes again
_PEER = struct.Struct("3i")

Document = dict[str, object]


class Visitor:
    """One connection."""

    def __init__(self, loop: Loop, connection: socket.socket, ask: Callable[["Visitor", Document], None]) -> None:
        self._loop = loop
        self._connection = connection
        self._ask = ask
        self._read = bytearray()
        self._unsent = bytearray()
        self.open = True
        self.watching = False
        connection.settimeout(0)
        loop.on_readable(connection.fileno(), self._receive)

    def send(self, document: Document) -> None:
        """Answer, or tell something to who watches; who is gone hears nothing."""
        if not self.open:
            return
        waiting = bool(self._unsent)
        self._unsent += json.dumps(document).encode() + b"\n"
        if not waiting:
            self._send_more()
            if self.open and self._unsent:
                self._loop.on_writable(self._connection.fileno(), self._receive, self._send_more)
        elif len(self._unsent) > _MOST_UNREAD:
            self.close()

    def close(self) -> None:
        """End the connection."""
        if self.open:
            self.open = False
            self._loop.forget(self._connection.fileno())
            self._connection.close()

    def _send_more(self) -> None:
        if not self.open:
            return
        waiting = len(self._unsent)
        try:
            del self._unsent[: self._connection.send(self._unsent)]
        except BlockingIOError:
            return
        except OSError:
            self.close()
            return
        if waiting and not self._unsent:
            self._loop.on_writable(self._connection.fileno(), self._receive, None)

    def _receive(self) -> None:
        if not self.open:
            return
        try:
            received = self._connection.recv(256 * 1024)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        self._read += received
        if not received or len(self._read) > _LONGEST_REQUEST:
            self.close()
            return
        *lines, rest = self._read.split(b"\n") if b"\n" in received else [self._read]
        self._read = bytearray(rest)
        for line in lines:
            self._ask(self, json.loads(line))


class Door:
    """Lets in who is the same user as we are, or root."""

    def __init__(self, loop: Loop, listening: socket.socket, ask: Callable[[Visitor, Document], None]) -> None:
        self._loop = loop
        self._listening = listening
        self._ask = ask
        self._visitors: list[Visitor] = []
        self.unused = True
        listening.settimeout(0)
        loop.on_readable(listening.fileno(), self._let_in)

    @property
    def empty(self) -> bool:
        """Tell whether nobody is connected."""
        self._visitors = [visitor for visitor in self._visitors if visitor.open]
        return not self._visitors

    def tell(self, document: Document) -> None:
        """Tell something to all who watch."""
        for visitor in self._visitors:
            if visitor.watching:
                visitor.send(document)

    def _let_in(self) -> None:
        try:
            connection, _ = self._listening.accept()
        except OSError as error:
            note(f"a connection could not be taken: {error}")
            return
        peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
        if _PEER.unpack(peer)[1] not in {0, os.geteuid()}:
            connection.close()
            return
        self.unused = False
        self._visitors.append(Visitor(self._loop, connection, self._ask))
