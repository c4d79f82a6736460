"""The contract of an authenticator: what decides whether a name and a password belong together."""

from abc import abstractmethod
from dataclasses import dataclass

from zoe.plugin.base import Plugin


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who proved who they are; what the source of accounts tells about them beside the name, if anything."""

    username: str
    email: str | None = None


class Authenticator(Plugin):
    """Checks a password. A user's `auth_source` names the authenticator that is asked."""

    @abstractmethod
    def check(self, username: str, password: str, stored: str | None) -> Identity | None:
        """Return who this is, or None if name and password do not belong together.

        `stored` is the password hash that Zoe keeps for the user, for authenticators that work with it.
        Called from API threads, many at once. Anything raised counts as a failed sign-in: an error is never a success.
        """
