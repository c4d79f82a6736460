"""Zoe's own accounts: the password's hash is in the state."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from zoe.plugin import Authenticator, Identity, hookimpl

_HASHER = PasswordHasher()


def hash_password(password: str) -> str:
    """Return the Argon2id hash to keep, salt and cost included. Slow on purpose: some 50 ms and 64 MiB."""
    return _HASHER.hash(password)


class Internal(Authenticator):
    """Checks passwords against the hashes that Zoe keeps."""

    name = "internal"

    def check(self, username: str, password: str, stored: str | None) -> Identity | None:
        """Return who this is if the password has this hash. Without a hash it takes as long to say no."""
        try:
            _HASHER.verify(_nobodys_hash() if stored is None else stored, password)
        except (VerificationError, InvalidHashError):
            return None
        return None if stored is None else Identity(username)


@cache
def _nobodys_hash() -> str:
    return hash_password("nobody")


@hookimpl
def zoe_authenticator() -> type[Authenticator]:
    """Offer the authenticator `internal`."""
    return Internal
