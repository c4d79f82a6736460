"""What becomes of a request: who asks, what for, may they, and is it there."""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from aiohttp import web

from zoe.errors import StateUnavailableError
from zoe.gateway import pages
from zoe.gateway.activity import ActivityBook, by_a_person
from zoe.gateway.forward import NotHttpError, forward
from zoe.gateway.fronting import Fronting
from zoe.gateway.headers import Headers, to_service
from zoe.gateway.links import GatewayLinks
from zoe.gateway.owners import Owners
from zoe.gateway.paths import OddPathError, Wanted, execution_of, read
from zoe.gateway.patience import Patience
from zoe.gateway.sockets import is_websocket, open_socket
from zoe.gateway.stays import Stays
from zoe.gateway.table import Table, Target
from zoe.gateway.upstream import Dialler, NobodyAnswersError, NoWayError, Upstream
from zoe.gateway.visits import Reception, Visit

log = logging.getLogger(__name__)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_TO_COME = frozenset({"submitted", "queued", "starting", "running"})
"""The latter two where the table has not heard of it yet, which takes a moment."""


@dataclass(slots=True)
class Door:
    """Answers requests for services. Belongs to one event loop."""

    links: GatewayLinks
    table: Table
    reception: Reception
    owners: Owners
    dialler: Dialler
    upstream: Upstream
    activity: ActivityBook
    stays: Stays
    patience: Patience
    fronting: Fronting | None = None
    answered: set[str] = field(default_factory=set)
    """The keys of targets that have answered once: those that have not are still starting."""
    in_vain: dict[str, float] = field(default_factory=dict)
    """Since when (on the loop's clock) targets are dialled that have not answered yet, by their keys."""

    def forget(self, keys: Collection[str]) -> None:
        """Forget targets that are gone."""
        self.answered.difference_update(keys)
        self._no_longer_in_vain(keys)
        self.upstream.forget(keys)
        if self.fronting is not None:
            self.fronting.forget(frozenset(keys))

    def _no_longer_in_vain(self, keys: Collection[str]) -> None:
        for key in keys:
            self.in_vain.pop(key, None)

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        try:
            wanted = read(request.raw_path)
        except OddPathError:
            return pages.odd_path()
        try:
            return await self.patience.answer(request, lambda: self._admit(request, wanted))
        except StateUnavailableError as error:
            return pages.page(503, "Not just now", str(error))

    async def _admit(self, request: web.BaseRequest, wanted: Wanted | None) -> web.StreamResponse:
        visit = await self.reception.recognise(request)
        web_url = self.links.web(request.host)
        if visit.account is None:
            return self._sign_in(request, web_url)
        execution = wanted.execution if wanted else execution_of(request.raw_path)
        if execution is None or not await self._may_see(visit, execution):
            return pages.unknown(web_url)
        if elsewhere := self._elsewhere(request, execution):
            return elsewhere
        target = self.table.find(wanted) if wanted else None
        if target is None:
            return await self._nowhere(execution, web_url)
        assert wanted is not None  # noqa: S101 - else there was no target
        return await self._visit(request, wanted, target, visit)

    async def _nowhere(self, execution: int, web_url: str) -> web.StreamResponse:
        """Answer for one's own execution where the path leads to no port of it."""
        if self.table.execution(execution) is not None:
            return pages.unknown(web_url)
        _, status = await self.owners.look(execution) or (0, "removed")
        if status in _TO_COME:
            return pages.to_come(f"Execution {execution}", status, web_url)
        return pages.ended(execution, web_url)

    def _sign_in(self, request: web.BaseRequest, web_url: str) -> web.StreamResponse:
        """Send a person to where one signs in; a program is told."""
        if request.method != "GET" or not by_a_person(request):
            return pages.not_signed_in()
        enter = f"{web_url}/gateway/enter?to={quote(request.raw_path, safe='')}"
        return web.Response(status=302, headers={"Location": enter, "Cache-Control": "no-store"})

    async def _may_see(self, visit: Visit, execution: int) -> bool:
        there = self.table.execution(execution)
        owner = there.owner if there else await self.owners.of(execution)
        return owner is not None and visit.may_see(owner)

    def _elsewhere(self, request: web.BaseRequest, execution: int) -> web.StreamResponse | None:
        """With a domain, pages of an execution are at its own origin only."""
        if self.links.settings.domain is None or self.links.execution(request.host) == str(execution):
            return None
        if request.method != "GET" or self.links.execution(request.host) is not None:
            return pages.unknown(self.links.web(request.host))
        return _redirect(self.links.origin(request.host, str(execution)) + request.raw_path)

    async def _visit(
        self, request: web.BaseRequest, wanted: Wanted, target: Target, visit: Visit
    ) -> web.StreamResponse:
        web_url = self.links.web(request.host)
        if not target.running:
            name, status = target.service.name, target.service.status
            still = pages.to_come(name, status, web_url)
            return still if target.to_come else pages.ended(target.execution.id, web_url)
        opens = is_websocket(request)
        if (opens or request.method not in _SAFE) and _from_elsewhere(request):
            return pages.other_origin()
        if not target.port.keeps_prefix and not wanted.rest.startswith("/") and not opens:
            return _redirect(f"{wanted.prefix}/{wanted.rest}")  # links without a slash before them would miss
        try:
            return await self._pass(request, wanted, target, visit)
        except NobodyAnswersError as error:
            log.debug("nobody answers at %s: %s", request.raw_path, error)
            return self._unanswered(target, error, web_url)
        except NotHttpError as error:
            log.debug("no HTTP at %s: %s", request.raw_path, error)
            return self._silent(target, f"What answers on its port {target.port.number} does not speak HTTP.", web_url)

    async def _pass(self, request: web.BaseRequest, wanted: Wanted, target: Target, visit: Visit) -> web.StreamResponse:
        headers = to_service(request.headers, target, self._peer(request), self.links.scheme, token=visit.token)
        neighbours = self.table.of(target.execution.id)
        number = target.execution.id
        if is_websocket(request):
            owner = target.execution.owner
            with self.stays.staying(request, lambda now: now.may_see(owner)):
                return await open_socket(
                    request, target, wanted.rest, neighbours, self.dialler, headers, lambda: self.activity.saw(number)
                )
        if by_a_person(request):
            self.activity.saw(number)
        granted = await self._grant(request, target, visit)
        answer = await forward(request, target, wanted.rest, neighbours, self.upstream, headers, granted)
        self.answered.add(target.key)
        self._no_longer_in_vain((target.key,))
        if self.fronting is not None:
            self.fronting.serve_directly(target)
        return answer

    async def _grant(self, request: web.BaseRequest, target: Target, visit: Visit) -> Headers:
        if self.fronting is None:
            return Headers()
        if self.fronting.failed(request):
            raise NobodyAnswersError("nginx has tried")
        await self.dialler.locate(target)
        return self.fronting.grant(request, target, visit)

    def _peer(self, request: web.BaseRequest) -> str:
        peer = self.fronting.peer(request) if self.fronting else None
        return peer or request.remote or ""

    def _unanswered(self, target: Target, error: NobodyAnswersError, web_url: str) -> web.StreamResponse:
        if isinstance(error, NoWayError):
            return pages.no_way(target.service.name, str(error), web_url)
        return self._silent(target, f"Nobody answers on its port {target.port.number}.", web_url)

    def _silent(self, target: Target, why: str, web_url: str) -> web.StreamResponse:
        if target.key in self.answered or "HTTP" in why:
            return pages.silent(target.service.name, why, web_url)
        return pages.to_come(target.service.name, "getting ready", web_url, self._dialled(target.key))

    def _dialled(self, key: str) -> float:
        now = asyncio.get_running_loop().time()
        return now - self.in_vain.setdefault(key, now)


def _redirect(where: str) -> web.Response:
    return web.Response(status=307, headers={"Location": where, "Cache-Control": "no-store"})


def _from_elsewhere(request: web.BaseRequest) -> bool:
    """Tell whether a page of another origin asks; programs other than browsers say nothing."""
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("Host", "").lower()
