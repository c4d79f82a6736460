"""Connections to services, kept and used again; each under the name of its target and for nothing else."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Collection
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from zoe.gateway.addresses import AddressBook
from zoe.gateway.dialling import dial
from zoe.gateway.headers import Headers
from zoe.gateway.table import Target
from zoe.plugin import Address

if TYPE_CHECKING:
    from aiohttp.tracing import Trace

_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS"})
_KEPT = 30.0
"""Seconds that an idle connection is kept: less than web servers commonly do."""
_LONGEST_LINE = 32_768
_MOST_HEADERS = 200


class NobodyAnswersError(Exception):
    """The service cannot be dialled."""


class NoWayError(NobodyAnswersError):
    """The backend does not tell where the service is dialled; its words say why."""


class Dialler:
    """Dials targets, within `timeout` seconds."""

    def __init__(self, addresses: AddressBook, timeout: float) -> None:
        self._addresses, self._timeout = addresses, timeout
        # Inside its network a service vouches for itself: nobody else gives it certificates.
        self._tls = ssl.create_default_context()
        self._tls.check_hostname = False
        self._tls.verify_mode = ssl.CERT_NONE

    def tls(self, target: Target) -> ssl.SSLContext | None:
        """Return how a target is encrypted, if it says that it is."""
        return self._tls if target.port.scheme == "https" else None

    async def locate(self, target: Target) -> None:
        """Find out where a target is dialled, ahead of dialling.

        Raises:
            NoWayError: nobody knows.

        """
        await self._address(target.service.handle or "", target.port.number)

    async def dial(self, handle: str, port: int) -> socket.socket:
        """Return a connected socket.

        Raises:
            NobodyAnswersError: there is no connection to be had.

        """
        address = await self._address(handle, port)
        try:
            return await dial(address, self._timeout)
        except OSError as error:
            self._addresses.forget(handle, port)
            raise NobodyAnswersError(str(error) or "no answer in time") from error

    async def _address(self, handle: str, port: int) -> Address:
        try:
            return await self._addresses.of(handle, port)
        except OSError as error:
            raise NoWayError(str(error)) from error


class _Connector(aiohttp.BaseConnector):
    """Makes connections to whatever the Dialler reaches. The host of a request's URL is the key of its target."""

    def __init__(self, dialler: Dialler, *, keep: bool) -> None:
        if keep:
            super().__init__(limit=0, keepalive_timeout=_KEPT)
        else:
            super().__init__(limit=0, force_close=True)
        self._dialler = dialler
        self.targets: dict[str, Target] = {}

    async def _create_connection(
        self,
        req: aiohttp.ClientRequest,
        traces: list["Trace"],  # noqa: ARG002 - the library's form
        timeout: aiohttp.ClientTimeout,  # noqa: ARG002
    ) -> ResponseHandler:
        target = self.targets[req.url.host or ""]
        made = await self._dialler.dial(target.service.handle or "", target.port.number)
        loop, tls = asyncio.get_running_loop(), self._dialler.tls(target)
        named = target.service.dns_name or "service"
        try:
            _, protocol = await loop.create_connection(
                lambda: ResponseHandler(loop), sock=made, ssl=tls, server_hostname=named if tls else None
            )
        except (OSError, ssl.SSLError) as error:
            made.close()
            raise NobodyAnswersError(str(error)) from error
        return protocol


class Upstream:
    """Sends requests to targets."""

    def __init__(self, dialler: Dialler) -> None:
        self._connectors = _Connector(dialler, keep=True), _Connector(dialler, keep=False)
        self._sessions = [
            aiohttp.ClientSession(
                connector=connector,
                timeout=aiohttp.ClientTimeout(total=None),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
                max_line_size=_LONGEST_LINE,
                max_field_size=_LONGEST_LINE,
                max_headers=_MOST_HEADERS,
            )
            for connector in self._connectors
        ]

    async def close(self) -> None:
        """Close every connection."""
        for session in self._sessions:
            await session.close()

    async def send(
        self, target: Target, method: str, path: str, headers: Headers, body: AsyncIterator[bytes] | None
    ) -> aiohttp.ClientResponse:
        """Return the head of the service's answer; its body is there to be read.

        Raises:
            NobodyAnswersError: there is no connection to be had.
            aiohttp.ClientError: what came is no HTTP, or nothing came.

        """
        # What may not be sent twice never goes on a kept connection: the service may be closing it just now.
        kept = method in _REPEATABLE and body is None
        chosen = 0 if kept else 1
        self._connectors[chosen].targets[target.key] = target
        return await self._sessions[chosen].request(
            method,
            URL(f"http://{target.key}{path}", encoded=True),
            headers=headers,
            data=body,
            allow_redirects=False,
        )

    def forget(self, keys: Collection[str]) -> None:
        """Forget targets that are gone; kept connections to them close by themselves."""
        for connector in self._connectors:
            for key in keys:
                connector.targets.pop(key, None)
