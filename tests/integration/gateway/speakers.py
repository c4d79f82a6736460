"""Services of a test: sockets that speak as they are told to."""

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress


class Listener:
    """A service of a test: `speak` is given each connection, in a thread of its own."""

    def __init__(self, speak: Callable[[socket.socket], None], port: int = 0) -> None:
        self._speak = speak
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port: int = self._socket.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                made, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(made,), daemon=True).start()

    def _serve(self, made: socket.socket) -> None:
        with made, suppress(OSError):
            self._speak(made)

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def read_head(made: socket.socket) -> tuple[str, dict[str, str], bytes]:
    """Return request line, headers in lower case, and what came after them."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = made.recv(65536)
        if not piece:
            raise ConnectionError
        data += piece
    head, _, rest = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return first, {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}, rest


def echo(*extra: str) -> Callable[[socket.socket], None]:
    """Answers with the request line and the headers that it got, as JSON."""

    def speak(made: socket.socket) -> None:
        while True:
            first, headers, _ = read_head(made)
            body = json.dumps({"first": first, "headers": headers}).encode()
            lines = [
                "HTTP/1.1 200 OK",
                "Content-Type: application/json",
                f"Content-Length: {len(body)}",
                *extra,
                "",
                "",
            ]
            made.sendall("\r\n".join(lines).encode("latin-1") + (b"" if first.startswith("HEAD") else body))

    return speak
