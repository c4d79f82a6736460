"""What can go wrong, named. The docstring of each error is its message; `{names}` in it are filled with facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import cleandoc


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a document: where it stands (`services[0].ports[1].name`) and what is wrong with it."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class ZoeError(Exception):
    """Something went wrong in Zoe."""

    def __init__(self, message: str | None = None, **facts: object) -> None:
        super().__init__(message or cleandoc(self.__doc__ or "").format(**facts))
        self.facts = facts


class FaultyDocumentError(ZoeError):
    """The document is not valid."""

    def __init__(self, faults: Sequence[Fault], message: str | None = None) -> None:
        super().__init__(message)
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "; ".join([super().__str__().rstrip("."), *map(str, self.faults[:5])])


class ZAppInvalidError(FaultyDocumentError):
    """Invalid application description"""  # noqa: D400, D415 - clients of API 0.7 compare this sentence


class ParametersInvalidError(FaultyDocumentError):
    """The parameters do not fit."""


class RequestInvalidError(FaultyDocumentError):
    """The request is not valid."""


class ConfigInvalidError(FaultyDocumentError):
    """The configuration is not valid."""


class NotSignedInError(ZoeError):
    """Sign in first: no valid cookie, token or password came with the request."""


class ForbiddenError(ZoeError):
    """You are not allowed to do this."""


class NotFoundError(ZoeError):
    """There is no {kind} {name}."""


class ConflictError(ZoeError):
    """The present state does not allow it."""


class QuotaExceededError(ZoeError):
    """You cannot run more than {limit} {what} at a time, quota exceeded."""


class StateUnavailableError(ZoeError):
    """The database does not answer; try again in a moment."""


class StateError(ZoeError):
    """The database cannot be used."""


class AlreadyOwnedError(ZoeError):
    """The data directory {path} belongs to another `zoe serve` (process {pid}): stop it, or name another directory."""


class PluginError(ZoeError):
    """A plugin cannot be used."""


class BackendBusyError(ZoeError):
    """The backend has no room just now."""


class BackendRefusedError(ZoeError):
    """The backend refused to start the service."""


class BackendUnavailableError(ZoeError):
    """The backend does not answer."""
