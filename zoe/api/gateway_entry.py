"""The way from Zoe's pages to the gateway, which is another origin: a ticket, good for one use within a minute."""

import re
import secrets
import time
from collections.abc import Callable
from hashlib import sha256
from threading import Lock
from urllib.parse import quote, urlencode

import falcon
from itsdangerous import BadData, URLSafeTimedSerializer

from zoe.api.collaborators import Collaborators
from zoe.api.cookies import Claim, Cookies, password_digest
from zoe.api.identity import Doorkeeper, token_digest
from zoe.errors import NotSignedInError, RequestInvalidError
from zoe.state.accounts import Account, Accounts
from zoe.state.database import Database

SESSION = "zoe-gateway"
"""The cookie of the gateway's own pages."""
_TICKET_SECONDS = 60
_PAGE = re.compile(r"/[0-9]{1,19}(/[^\x00-\x20\x7f\\]*)?")


class Tickets:
    """Makes tickets for the gateway, and takes each once."""

    def __init__(self, key: str) -> None:
        self._signer = URLSafeTimedSerializer(key, salt="zoe ticket", signer_kwargs={"digest_method": sha256})
        self._used: dict[str, float] = {}
        self._lock = Lock()

    def issue(self, account: Account, session: str) -> str:
        """Return a ticket for who has just been recognised."""
        number = secrets.token_hex(8)
        return str(self._signer.dumps([account.id, password_digest(account.password_hash), number, session]))

    def take(self, ticket: str) -> Claim | None:
        """Return whom a ticket names, unless it was taken before, is too old, or none of ours."""
        try:
            user_id, digest, number, session = self._signer.loads(ticket, max_age=_TICKET_SECONDS)
        except (BadData, TypeError, ValueError):
            return None
        now = time.monotonic()
        with self._lock:
            self._used = {used: until for used, until in self._used.items() if until > now}
            if number in self._used:
                return None
            self._used[number] = now + 2 * _TICKET_SECONDS
        return Claim(int(user_id), str(digest), str(session))


class Visitors:
    """Who visits the gateway: known by Zoe's own cookie (cookies ignore ports), the gateway's, or an API token."""

    def __init__(self, database: Database, key: str, lifetime: float, now: Callable[[], float] = time.time) -> None:
        self._database, self._accounts, self._now = database, Accounts(database), now
        self._tickets = Tickets(key)
        self._kinds = (Cookies(key, lifetime), Cookies(key, lifetime, SESSION))

    def ticket(self, account: Account, session: str = "") -> str:
        """Return a ticket for the gateway; what it is worth there ends with the session."""
        return self._tickets.issue(account, session)

    def enter(self, ticket: str, *, secure: bool) -> str | None:
        """Return the Set-Cookie header that a ticket is worth; None if it is worth nothing."""
        claim = self._tickets.take(ticket)
        if claim is None or self._by_claim(claim) is None:
            return None
        return self._kinds[1].issue(claim, self._now(), secure)

    def by_cookie(self, header: str) -> Account | None:
        """Return who a Cookie header names."""
        found = (self._by_claim(claim) for kind in self._kinds for claim in kind.read(header))
        return next((account for account in found if account), None)

    def by_token(self, token: str) -> Account | None:
        """Return whose API token this is."""
        with self._database.session_or_own():
            account = self._accounts.by_token(token_digest(token), self._now())
        return account if account and account.enabled else None

    def _by_claim(self, claim: Claim) -> Account | None:
        with self._database.session_or_own():
            account = self._accounts.by_session(claim.user_id, claim.session)
        fits = account and account.enabled and password_digest(account.password_hash) == claim.digest
        return account if fits else None


class GatewayEntry:
    """/gateway/enter?to=/7/notebook0/Notebook/: sends the browser to a page of the gateway, signed in there."""

    def __init__(self, collaborators: Collaborators, doorkeeper: Doorkeeper, visitors: Visitors) -> None:
        self._collaborators, self._doorkeeper, self._visitors = collaborators, doorkeeper, visitors

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Redirect to the gateway, or to the page where one signs in first."""
        to = req.get_param("to") or ""
        if self._collaborators.gateway is None or not _PAGE.fullmatch(to):
            raise RequestInvalidError([], "This address does not name a page of the gateway.")
        resp.status = falcon.HTTP_302
        resp.set_headers({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
        resp.set_header("Location", self._way(req, to))

    def _way(self, req: falcon.Request, to: str) -> str:
        links = self._collaborators.gateway
        try:
            with self._collaborators.database.session_or_own():
                account = self._doorkeeper.recognise(req)
        except NotSignedInError:
            prefix = self._collaborators.settings.api.url_prefix or ""
            here = f"/gateway/enter?{urlencode({'to': to})}"
            return f"{prefix}/signin?next={quote(here, safe='')}"
        assert links is not None  # noqa: S101 - asked for before
        query = urlencode({"ticket": self._visitors.ticket(account, self._doorkeeper.session(req)), "to": to})
        return f"{links.origin(req.netloc, to.split('/')[1])}/_zoe/enter?{query}"
