"""What an engine says when it will not: turned into Zoe's errors, in the engine's own words."""

from collections.abc import Iterator
from contextlib import contextmanager

from docker.errors import APIError, DockerException
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from zoe.errors import BackendBusyError, BackendRefusedError, BackendUnavailableError

SILENCE = (RequestException, DockerException, HTTPError, OSError)
"""How a connection to an engine fails. `APIError`, an answer, is among them: catch that first."""
_DISK_FULL = "no space left on device"
_UNAVAILABLE = 503


def said(error: APIError) -> str:
    """Return what the engine said, without HTTP around it."""
    words = error.explanation or str(error)
    text = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
    return " ".join(text.split())


def is_disk_full(words: str) -> bool:
    """Tell whether an engine complains of a full disk."""
    return _DISK_FULL in words


def unavailable(engine: str, error: Exception) -> BackendUnavailableError:
    """Return the error for an engine that does not answer."""
    return BackendUnavailableError(f"the engine {engine} does not answer: {reason(error)}")


def reason(error: BaseException) -> str:
    """Say why a connection failed, and what to do where that is known."""
    if isinstance(error, PermissionError) or "Permission denied" in str(error):
        return "permission denied; add the user that runs Zoe to the group of the engine's socket"
    return cause(error)


def cause(error: BaseException) -> str:
    """Return the innermost reason of a failed connection: what is wrapped around it tells a person nothing."""
    while error.__cause__ is not None or error.__context__ is not None:
        error = error.__cause__ or error.__context__ or error
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


@contextmanager
def asking(engine: str) -> Iterator[None]:
    """Turn every failure of a call into `BackendUnavailableError`: Zoe asks again later."""
    try:
        yield
    except APIError as error:
        raise BackendUnavailableError(f"the engine {engine} says: {said(error)}") from error
    except SILENCE as error:
        raise unavailable(engine, error) from error


@contextmanager
def starting(engine: str) -> Iterator[None]:
    """Turn the failure of a start into what it means for the service.

    Raises:
        BackendBusyError: the engine has no room on its disk.
        BackendRefusedError: the engine will not do it.
        BackendUnavailableError: the engine did not answer.

    """
    try:
        yield
    except APIError as error:
        raise _judged(engine, error) from error
    except SILENCE as error:
        raise unavailable(engine, error) from error


def _judged(engine: str, error: APIError) -> Exception:
    words = said(error)
    if is_disk_full(words):
        return BackendBusyError(f"the disk of {engine} is full: {words}")
    if error.status_code == _UNAVAILABLE:
        return BackendUnavailableError(f"the engine {engine} says: {words}")
    return BackendRefusedError(words)
