"""Who is asking, remembered for a while: most requests of a browser come with the same cookie."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from zoe.gateway.headers import zoe_cookies
from zoe.state.accounts import Account

_KEPT = 60.0
"""Seconds; a change of an account, role or token is heard of at once."""
_MOST = 10_000
OPERATE_OTHERS = "can_operate_others"


class Visitors(Protocol):
    """Tells visitors apart; asks the database, in a thread where that may be done."""

    def enter(self, ticket: str, *, secure: bool) -> str | None:
        """Return the Set-Cookie header that a ticket is worth."""
        ...

    def by_cookie(self, header: str) -> Account | None:
        """Return who a Cookie header names."""
        ...

    def by_token(self, token: str) -> Account | None:
        """Return whose API token this is."""
        ...


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks; `token`: known by the Authorization header, which was meant for Zoe."""

    account: Account | None
    token: bool = False

    def may_see(self, owner: int) -> bool:
        """Tell whether executions of this user are this visitor's to see."""
        account = self.account
        return account is not None and (account.id == owner or OPERATE_OTHERS in account.permissions)


class Reception:
    """Recognises visitors. Belongs to one event loop."""

    def __init__(self, visitors: Visitors, pool: ThreadPoolExecutor) -> None:
        self.visitors, self._pool = visitors, pool
        self._known: dict[tuple[str, str], tuple[Account | None, float]] = {}
        self._age = 0

    def accounts_changed(self) -> None:
        """Forget everybody."""
        self._known.clear()
        self._age += 1

    async def recognise(self, request: web.BaseRequest) -> Visit:
        """Return who is asking.

        Raises:
            StateUnavailableError: the database does not answer.

        """
        token = bearer(request)
        if token:
            account = await self._ask("token", token, self.visitors.by_token)
            if account is not None:
                return Visit(account, token=True)
        cookies = zoe_cookies("; ".join(request.headers.getall("Cookie", ())))
        return Visit(await self._ask("cookie", cookies, self.visitors.by_cookie) if cookies else None)

    async def enter(self, ticket: str, *, secure: bool) -> str | None:
        """Return the cookie that a ticket is worth."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, lambda: self.visitors.enter(ticket, secure=secure))

    async def _ask(self, kind: str, shown: str, ask: Callable[[str], Account | None]) -> Account | None:
        known = self._known.get((kind, shown))
        if known is not None and known[1] > time.monotonic():
            return known[0]
        age = self._age
        found = await asyncio.get_running_loop().run_in_executor(self._pool, ask, shown)
        if age == self._age:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[kind, shown] = found, time.monotonic() + _KEPT
        return found


def bearer(request: web.BaseRequest) -> str:
    """Return the token of the Authorization header, if there is one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
