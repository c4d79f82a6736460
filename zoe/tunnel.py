"""The near end of `zoe proxy`: local ports that lead to ports of services, through the gateway."""

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from zoe.errors import NotFoundError, NotSignedInError, ZoeError

_PIECE = 1 << 16
_NOTHING_MORE = b""
"""Half of a connection is closed: a service that reads to the end answers only then."""
_SOCKS_REFUSED, _SOCKS_UNKNOWN = 5, 4


class TunnelFailedError(ZoeError):
    """The gateway does not open a way there: {reason}."""


@dataclass(frozen=True, slots=True)
class Way:
    """Leads into one execution. `gateway` is its URL, http or https."""

    gateway: str
    token: str
    execution: int

    def open(self, service: str, port: int) -> ClientConnection:
        """Return a connection to a port of a service.

        Raises:
            ZoeError: there is none to be had, and why.

        """
        base = self.gateway.replace("http", "ws", 1)
        url = f"{base}/_zoe/proxy/{self.execution}/{quote(service, safe='')}/{port}"
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            made = connect(url, additional_headers=headers, proxy=None, compression=None, max_size=None)
            return made.__enter__()
        except InvalidStatus as error:
            raise _refusal(error.response.status_code, service, port) from error
        except (OSError, WebSocketException) as error:
            raise TunnelFailedError(reason=str(error) or type(error).__name__) from error


def _refusal(code: int, service: str, port: int) -> ZoeError:
    if code == 404:
        return NotFoundError(f"There is no service {service} running in this execution.")
    if code == 401:
        return NotSignedInError("The gateway takes this token no longer: `zoe login` signs you in.")
    return TunnelFailedError(reason=f"nobody answers on port {port} of {service}")


class Forward:
    """A local port; each connection to it is a tunnel. `said` hears what goes wrong with one."""

    def __init__(
        self, local: tuple[str, int], carry: Callable[[socket.socket], None], said: Callable[[str], None]
    ) -> None:
        self._carry, self._said = carry, said
        self._socket = socket.create_server(local)

    @property
    def port(self) -> int:
        """Return the local port."""
        return int(self._socket.getsockname()[1])

    def run(self) -> None:
        """Serve until closed."""
        while True:
            try:
                made, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(made,), name="tunnel", daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _serve(self, made: socket.socket) -> None:
        with made:
            try:
                self._carry(made)
            except ZoeError as error:
                self._said(str(error))
            except OSError:
                pass  # whoever connected has left


def to_one_port(way: Way, service: str, port: int) -> Callable[[socket.socket], None]:
    """Return what carries each connection to one port of a service."""

    def carry(made: socket.socket) -> None:
        splice(made, way.open(service, port))

    return carry


def as_socks(way: Way, names: Mapping[str, str]) -> Callable[[socket.socket], None]:
    """Return what speaks SOCKS5 and carries each connection where it asks to go; `names` tells services by name."""

    def carry(made: socket.socket) -> None:
        _read(made, _read(made, 2)[1])
        made.sendall(b"\x05\x00")
        host, port = _asked(made)
        service = names.get(host)
        if service is None:
            made.sendall(_reply(_SOCKS_UNKNOWN))
            raise NotFoundError(f"{host} is no service of this execution.")
        try:
            tunnel = way.open(service, port)
        except ZoeError:
            made.sendall(_reply(_SOCKS_REFUSED))
            raise
        made.sendall(_reply(0))
        splice(made, tunnel)

    return carry


def splice(made: socket.socket, tunnel: ClientConnection) -> None:
    """Carry bytes both ways until the far side closes, or the near one is gone."""

    def back() -> None:
        with suppress(ConnectionClosed, OSError):
            for piece in tunnel:
                made.sendall(piece if isinstance(piece, bytes) else piece.encode())
        with suppress(OSError):
            made.shutdown(socket.SHUT_RDWR)

    thread = threading.Thread(target=back, name="tunnel-back", daemon=True)
    thread.start()
    with suppress(ConnectionClosed, OSError):
        while piece := made.recv(_PIECE):
            tunnel.send(piece)
        tunnel.send(_NOTHING_MORE)
        thread.join()
    tunnel.close()
    thread.join()


def _asked(made: socket.socket) -> tuple[str, int]:
    version, command, _, kind = _read(made, 4)
    if version != 5 or command != 1 or kind not in {1, 3, 4}:
        made.sendall(_reply(7))
        raise ConnectionError
    if kind == 3:
        host = _read(made, _read(made, 1)[0]).decode("ascii", "replace").lower()
    else:
        raw = _read(made, 4 if kind == 1 else 16)
        host = socket.inet_ntop(socket.AF_INET if kind == 1 else socket.AF_INET6, raw)
    return host, int.from_bytes(_read(made, 2), "big")


def _reply(code: int) -> bytes:
    return bytes([5, code, 0, 1, 0, 0, 0, 0, 0, 0])


def _read(made: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = made.recv(count - len(data))
        if not piece:
            raise ConnectionError
        data += piece
    return data
