"""Work shared with the nginx in front: what it may serve by itself, its passes, and what it tells of people's work."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import astuple, dataclass
from http.cookies import CookieError, SimpleCookie
from pathlib import Path

from aiohttp import web

from zoe.gateway.addresses import AddressBook
from zoe.gateway.headers import Headers
from zoe.gateway.links import GatewayLinks
from zoe.gateway.nginx import Nginx, worker_user
from zoe.gateway.nginx_config import COOKIE, FAILED, PEER, DirectRoute, Front, Neighbour, config
from zoe.gateway.passes import Passes
from zoe.gateway.table import Table, Target
from zoe.gateway.visits import Visit

_WORKERS = 2


@dataclass(frozen=True, slots=True)
class Places:
    """Where everything listens."""

    directory: Path
    host: str
    port: int
    embedded_port: int
    log_port: int


class Fronting:
    """What the embedded gateway and its nginx agree upon. Belongs to one event loop."""

    def __init__(
        self, program: Path, places: Places, links: GatewayLinks, table: Table, addresses: AddressBook
    ) -> None:
        self._places, self._links, self._table, self._addresses = places, links, table, addresses
        self._passes = Passes()
        self._direct: set[str] = set()
        self.nginx = Nginx(program, places.directory, (places.host, places.port), self._text)

    def accounts_changed(self) -> None:
        """Let nobody through any more who has not been looked at again."""
        self._passes.renew()
        self.nginx.changed()

    def forget(self, gone: "set[str] | frozenset[str]") -> None:
        """Let nginx serve these targets no longer: they are gone."""
        if self._direct & set(gone):
            self._direct.difference_update(gone)
            self.nginx.changed()

    def serve_directly(self, target: Target) -> None:
        """Let nginx serve a target that has answered."""
        if target.key not in self._direct and self._plain(target):
            self._direct.add(target.key)
            self.nginx.changed()

    def peer(self, request: web.BaseRequest) -> str | None:
        """Return who is at the other end of nginx; None if it was not nginx that sent this."""
        secret, _, peer = request.headers.get(PEER, "").partition(" ")
        return peer if secrets.compare_digest(secret.encode(), self._passes.secret.encode()) else None

    def failed(self, request: web.BaseRequest) -> bool:
        """Tell whether nginx has tried this request already, and it may not be made twice."""
        return bool(request.headers.get(FAILED)) and self.peer(request) is not None

    def grant(self, request: web.BaseRequest, target: Target, visit: Visit) -> Headers:
        """Return a pass for who may see this execution, if it is time for one; programs with tokens get none."""
        granted = Headers()
        execution = target.execution.id
        if visit.token or not self._plain(target) or self._passes.holds(_shown(request), execution):
            return granted
        secure = "; Secure" if self._links.scheme == "https" else ""
        content = f"{COOKIE}={self._passes.issue(execution)}; Path=/{execution}/; HttpOnly; SameSite=Lax{secure}"
        granted.add("Set-Cookie", content)
        return granted

    def heard(self, work: Callable[[int], None]) -> type[asyncio.DatagramProtocol]:
        """Return what listens to nginx's log; `work` is told the executions that people work with."""
        passes = self._passes

        class Log(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - the library's form
                *_, secret, execution = (b"  " + data).split(b" ")
                if secrets.compare_digest(secret, passes.secret.encode()) and execution.isdigit():
                    work(int(execution))

        return Log

    def _plain(self, target: Target) -> bool:
        address = self._addresses.at_hand(target)
        return target.port.scheme != "https" and address is not None and address.door is None

    def _text(self) -> str:
        """Return nginx's configuration as it is to be now."""
        running = list(self._table.running())
        known = {target.execution.id for target in running if target.key in self._direct}
        names = (
            Neighbour(name, target.port.number, target.port.path)
            for target in running
            if target.execution.id in known
            for name in {target.service.address, target.service.dns_name}
            if name
        )
        return config(self._front(), self._routes(), sorted(names, key=astuple))

    def _routes(self) -> list[DirectRoute]:
        found = [self._route(target) for target in self._table.running() if target.key in self._direct]
        # nginx does not tell capitals from small letters here.
        same = Counter(route.prefix.lower() for route in found if route)
        return [route for route in found if route and same[route.prefix.lower()] == 1]

    def _route(self, target: Target) -> DirectRoute | None:
        address = self._addresses.at_hand(target)
        if address is None or address.door is not None:
            return None
        key = f"r{target.key.replace('-', '_')}"
        return DirectRoute(key, target.port.path, address.host, address.port, target.port.keeps_prefix)

    def _front(self) -> Front:
        places, settings = self._places, self._links.settings
        return Front(
            places.directory,
            places.host,
            places.port,
            places.embedded_port,
            places.log_port,
            worker_user(),
            settings.connect_timeout,
            self._links.scheme,
            settings.domain,
            _WORKERS,
            self._passes.secret,
        )


def _shown(request: web.BaseRequest) -> str:
    try:
        found = SimpleCookie(request.headers.get("Cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
