"""Dialling an address: directly, or through a SOCKS5 door into a network that Zoe is not in."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError, ProxyType
from python_socks.async_.asyncio import Proxy as AsyncProxy
from python_socks.sync import Proxy

from zoe.plugin import Address, SocksDoor


def connect(address: Address, timeout: float) -> socket.socket:
    """Return a connection, within `timeout` seconds; the socket keeps that as its own timeout.

    Raises:
        OSError: nobody answers there, or the door does not let Zoe in; TimeoutError is one.

    """
    if address.door is None:
        return socket.create_connection((address.host, address.port), timeout)
    proxy = Proxy.create(ProxyType.SOCKS5, rdns=True, **_door(address.door))
    try:
        made: socket.socket = proxy.connect(address.host, address.port, timeout=timeout)
    except (ProxyError, ProxyConnectionError, ProxyTimeoutError) as error:
        raise _refused(address, error) from error
    made.settimeout(timeout)
    return made


async def dial(address: Address, timeout: float) -> socket.socket:
    """Return a non-blocking connection, within `timeout` seconds; for an event loop.

    Raises:
        OSError: nobody answers there, or the door does not let Zoe in; TimeoutError is one.

    """
    async with asyncio.timeout(timeout):
        return await (_dial_direct(address) if address.door is None else _dial_through(address, address.door, timeout))


async def _dial_direct(address: Address) -> socket.socket:
    loop = asyncio.get_running_loop()
    found = await _resolve(loop, address)
    failed: OSError = ConnectionRefusedError(f"{address.host} has no address")
    for family, kind, protocol, _, place in found:
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)  # noqa: FBT003 - the library's form
        try:
            await loop.sock_connect(made, place)
        except OSError as error:
            made.close()
            failed = error
        except BaseException:
            made.close()
            raise
        else:
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return made
    raise failed


async def _resolve(loop: asyncio.AbstractEventLoop, address: Address) -> Sequence[tuple[int, int, int, str, Any]]:
    try:
        # Numbers need no resolver, and no thread for it.
        return socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        )
    except socket.gaierror:
        return await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)


async def _dial_through(address: Address, door: SocksDoor, timeout: float) -> socket.socket:
    proxy = AsyncProxy.create(ProxyType.SOCKS5, rdns=True, **_door(door))
    try:
        made: socket.socket = await proxy.connect(address.host, address.port, timeout=timeout)
    except (ProxyError, ProxyConnectionError, ProxyTimeoutError) as error:
        raise _refused(address, error) from error
    return made


def _door(door: SocksDoor) -> dict[str, object]:
    return {"host": door.host, "port": door.port, "username": door.username, "password": door.password}


def _refused(address: Address, error: Exception) -> OSError:
    if isinstance(error, ProxyTimeoutError):
        return TimeoutError(f"{address.host}:{address.port} does not answer behind its network's door")
    return ConnectionRefusedError(
        f"{address.host}:{address.port} cannot be reached through its network's door: {error}"
    )
