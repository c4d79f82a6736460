"""The cookie that says who is asking: signed, dated, worthless once the password has changed."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple

from itsdangerous import BadData, URLSafeTimedSerializer

NAME = "zoe"


class Claim(NamedTuple):
    """Whom a cookie names, a digest of the password that it was given for, and the session it belongs to.

    All cookies that one sign-in leads to are of the same session, at whatever origin: they end together.
    """

    user_id: int
    digest: str
    session: str = ""


class Cookies:
    """Makes and reads cookies under the key of this deployment; `lifetime` in seconds."""

    def __init__(self, key: str, lifetime: float, name: str = NAME) -> None:
        self._signer = URLSafeTimedSerializer(key, salt=f"{name} cookie", signer_kwargs={"digest_method": sha256})
        self.lifetime, self._name = lifetime, name
        self._pair = re.compile(rf'(?:^|[;,])\s*{name}="?([^";,\s]+)')

    def issue(self, claim: Claim, now: float, secure: bool) -> str:
        """Return the Set-Cookie header for a user who has just signed in."""
        expires = datetime.fromtimestamp(now + self.lifetime, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        kept = f"{self._name}={self._signer.dumps(claim)}; Expires={expires}; HttpOnly; Path=/; SameSite=Lax"
        return f"{kept}; Secure" if secure else kept

    def read(self, header: str) -> Iterator[Claim]:
        """Yield what the valid cookies in a Cookie header claim.

        Old clients send the raw Set-Cookie value back, attributes included.
        """
        for found in self._pair.findall(header):
            try:
                user_id, digest, *session = self._signer.loads(found, max_age=int(self.lifetime))
                yield Claim(int(user_id), str(digest), *map(str, session[:1]))
            except (BadData, TypeError, ValueError):
                continue


def password_digest(password_hash: str | None) -> str:
    """Return what ties a cookie to the password of its time, without telling anything of it."""
    return sha256(f"zoe cookie {password_hash}".encode()).hexdigest()[:16]


def ended(name: str, secure: bool) -> str:
    """Return the Set-Cookie header that makes a browser forget a cookie."""
    gone = f"{name}=; Max-Age=0; HttpOnly; Path=/; SameSite=Lax"
    return f"{gone}; Secure" if secure else gone
