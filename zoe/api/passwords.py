"""Checking passwords: a good one is remembered for a minute, as checking is slow on purpose; guessing is slowed."""

import hmac
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock

from zoe.api.errors import TooManyAttemptsError
from zoe.plugin import Authenticator
from zoe.state.accounts import Account

LOGGER = logging.getLogger(__name__)
REMEMBERED_SECONDS = 60.0
MOST_REMEMBERED = 1024
MOST_FAILURES = 10
"""From one address, for one name, within a minute: a stranger elsewhere locks nobody out."""


class Expiring:
    """Counts by key; a key is forgotten `REMEMBERED_SECONDS` after its first count, or when too many came after it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._counts: OrderedDict[bytes, tuple[float, int]] = OrderedDict()
        self._lock = Lock()

    def count(self, key: bytes) -> int:
        """Tell how often this was counted of late."""
        with self._lock:
            since, count = self._counts.get(key, (0.0, 0))
            return count if self._clock() - since < REMEMBERED_SECONDS else 0

    def add(self, key: bytes) -> None:
        """Count this once more."""
        with self._lock:
            now = self._clock()
            since, count = self._counts.pop(key, (now, 0))
            fresh = now - since < REMEMBERED_SECONDS
            self._counts[key] = (since, count + 1) if fresh else (now, 1)
            while len(self._counts) > MOST_REMEMBERED:
                self._counts.popitem(last=False)


class Passwords:
    """Asks the authenticator that an account names."""

    def __init__(
        self,
        authenticators: Mapping[str, Authenticator],
        hash_password: Callable[[str], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._authenticators = authenticators
        self._hash_password = hash_password
        self._nobodys_hash: str | None = None
        self._good = Expiring(clock)
        self._bad = Expiring(clock)
        self._key = secrets.token_bytes(32)

    def fits(self, account: Account | None, username: str, password: str, address: str) -> bool:
        """Tell whether the password is this account's (None: there is no such account, which takes as long to tell).

        Raises:
            TooManyAttemptsError: this address failed too often with this name.

        """
        good = self._keyed(username, password, account.password_hash or "" if account else "")
        if account and self._good.count(good):
            return True
        attempts = self._keyed(username, address)
        if self._bad.count(attempts) >= MOST_FAILURES:
            raise TooManyAttemptsError
        if self._ask(account, username, password):
            self._good.add(good)
            return True
        self._bad.add(attempts)
        return False

    def _ask(self, account: Account | None, username: str, password: str) -> bool:
        source = account.auth_source if account else next(iter(self._authenticators), "")
        stored = account.password_hash if account else self._hash_of_nobody()
        if source not in self._authenticators:
            LOGGER.warning("%s cannot sign in: there is no authenticator %s", username, source)
            return False
        try:
            identity = self._authenticators[source].check(username, password, stored)
        except Exception as error:  # noqa: BLE001 - an authenticator that fails must never let anybody in
            # Neither its message nor a traceback: both may repeat the password.
            LOGGER.error("the authenticator %s failed for %s: %s", source, username, type(error).__name__)  # noqa: TRY400
            return False
        return account is not None and identity is not None and identity.username == username

    def _hash_of_nobody(self) -> str:
        if self._nobodys_hash is None:
            self._nobodys_hash = self._hash_password(secrets.token_hex())
        return self._nobodys_hash

    def _keyed(self, *words: str) -> bytes:
        message = "\0".join(words).encode(errors="surrogatepass")
        return hmac.digest(self._key, message, "sha256")
