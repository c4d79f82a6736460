"""Who is asking: a valid cookie wins, then comes what the Authorization header says."""

import base64
import binascii
import secrets
from collections.abc import Callable
from hashlib import sha256

import falcon

from zoe.api.bodies import storable
from zoe.api.cookies import Claim, Cookies, password_digest
from zoe.api.origin import check_origin
from zoe.api.passwords import Passwords
from zoe.errors import NotSignedInError
from zoe.state.accounts import Account, Accounts


class Doorkeeper:
    """Tells who is asking, from the headers alone: the body is not looked at."""

    def __init__(self, accounts: Accounts, passwords: Passwords, cookies: Cookies, now: Callable[[], float]) -> None:
        self._accounts = accounts
        self._passwords = passwords
        self._cookies = cookies
        self._now = now

    def recognise(self, req: falcon.Request) -> Account:
        """Return who is asking.

        Raises:
            NotSignedInError: nobody, or nobody who may.
            ForbiddenError: a page of another origin makes the browser ask.

        """
        account = self._by_cookie(req)
        if account is None:
            scheme, _, credentials = (req.auth or "").partition(" ")
            if scheme.lower() == "bearer":
                return self._enabled(self._accounts.by_token(token_digest(credentials.strip()), self._now()))
            account = self.sign_in(req)
        check_origin(req)
        return account

    def sign_in(self, req: falcon.Request) -> Account:
        """Return who the Basic credentials of the request belong to."""
        scheme, _, credentials = (req.auth or "").partition(" ")
        if scheme.lower() != "basic":
            raise NotSignedInError
        return self.check(*_decoded(credentials), req.remote_addr or "")

    def check(self, username: str, password: str, address: str) -> Account:
        """Return whose name and password these are; `address` is where the attempt comes from.

        Raises:
            NotSignedInError: nobody's.
            TooManyAttemptsError: this address failed too often with this name.

        """
        account = self._accounts.by_name(username) if storable(username) else None
        if not self._passwords.fits(account, username, password, address):
            raise NotSignedInError("The user name or the password is wrong.")
        return self._enabled(account)

    def set_cookie(self, account: Account, req: falcon.Request) -> str:
        """Return the Set-Cookie header that spares `account` its password from now on."""
        claim = Claim(account.id, password_digest(account.password_hash), secrets.token_hex(12))
        return self._cookies.issue(claim, self._now(), secure=req.scheme == "https")

    def session(self, req: falcon.Request) -> str:
        """Return the session that the browser is in; empty for who came without a cookie."""
        claims = self._cookies.read(req.get_header("Cookie") or "")
        return next((claim.session for claim in claims if claim.session), "")

    def sign_out(self, req: falcon.Request) -> None:
        """Make all cookies of this browser's session worthless, at whatever origin they are kept."""
        claims = self._cookies.read(req.get_header("Cookie") or "")
        now = self._now()
        sessions = {claim.session for claim in claims if claim.session}
        self._accounts.sign_out(sessions, now, until=now + 2 * self._cookies.lifetime)

    def _by_cookie(self, req: falcon.Request) -> Account | None:
        for claim in self._cookies.read(req.get_header("Cookie") or ""):
            account = self._accounts.by_session(claim.user_id, claim.session)
            if account and account.enabled and password_digest(account.password_hash) == claim.digest:
                return account
        return None

    def _enabled(self, account: Account | None) -> Account:
        if account is None:
            raise NotSignedInError
        if not account.enabled:
            raise NotSignedInError("This account is disabled; an administrator can enable it.")
        return account


def token_digest(secret: str) -> str:
    """Return the only trace that is kept of an API token: enough for 256 random bits."""
    return sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _decoded(credentials: str) -> tuple[str, str]:
    try:
        pair = base64.b64decode(credentials.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotSignedInError("The Basic credentials are not base64.") from error
    try:
        text = pair.decode()
    except UnicodeDecodeError:  # older browsers and clients
        text = pair.decode("latin-1")
    username, colon, password = text.partition(":")
    if not colon or not storable(username):
        raise NotSignedInError("The Basic credentials are not a name and a password.")
    return username, password
