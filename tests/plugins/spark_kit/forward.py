"""A port of this machine that leads to a port of a service, as `zoe proxy` offers one."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread


@contextmanager
def forwarded(host: str, port: int) -> Iterator[int]:
    """Listen on the loopback and pass every connection on; return the number of the port."""

    class Passing(BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((host, port)) as onwards:
                back = Thread(target=_copy, args=(onwards, self.request), daemon=True)
                back.start()
                _copy(self.request, onwards)
                back.join()

    class Server(ThreadingTCPServer):
        daemon_threads, block_on_close = True, False

    with Server(("127.0.0.1", 0), Passing) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while read := source.recv(65536):
            target.sendall(read)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
