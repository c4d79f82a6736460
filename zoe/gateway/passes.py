"""Passes: cookies with which nginx lets a browser through to one execution for some minutes, and asks nobody."""

import base64
import hashlib
import secrets
import time

_SECONDS = 600
_EARLY = 120
"""Seconds before its end that a pass is replaced."""


class Passes:
    """Seals passes as nginx's `secure_link` reads them."""

    def __init__(self) -> None:
        self.secret = secrets.token_hex(24)

    def renew(self) -> None:
        """Make every pass worthless."""
        self.secret = secrets.token_hex(24)

    def issue(self, execution: int) -> str:
        """Return a pass for an execution."""
        until = int(time.time()) + _SECONDS
        return f"{self._seal(execution, until)}.{until}"

    def holds(self, shown: str, execution: int) -> bool:
        """Tell whether a pass is good for a while yet."""
        seal, _, until = shown.partition(".")
        if not until.isdecimal() or len(until) > 12 or int(until) < time.time() + _EARLY:
            return False
        return secrets.compare_digest(seal.encode(), self._seal(execution, int(until)).encode())

    def _seal(self, execution: int, until: int) -> str:
        # MD5 is all that nginx offers; with the secret on both sides nobody can lengthen or forge what it seals.
        text = f"{self.secret} {until} {execution} {self.secret}"
        digest = hashlib.md5(text.encode(), usedforsecurity=False).digest()
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")
