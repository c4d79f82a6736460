"""What an engine says when it will not: turned into Zoe's errors, in the engine's own words."""

from collections.abc import Iterator
from contextlib import contextmanager
from ssl import SSLCertVerificationError, SSLError

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
    first = innermost(error)
    if isinstance(first, ConnectionError) and "ssh" in str(first):
        return str(first)
    if isinstance(first, SSLCertVerificationError):
        return f"its certificate is not to be trusted ({first.verify_message}); see tls.ca and the name in the url"
    if isinstance(first, SSLError):
        return f"it does not accept Zoe's certificate ({first.reason or 'it hung up'}); see tls.cert and tls.key"
    if isinstance(first, OSError) and first.filename:
        return f"{first.strerror}: {first.filename}"
    if isinstance(error, PermissionError) or "Permission denied" in str(error):
        return "permission denied; add the user that runs Zoe to the group of the engine's socket"
    return cause(error)


def innermost(error: BaseException) -> BaseException:
    """Return what began it: what is wrapped around it tells a person nothing."""
    while (inner := error.__cause__ or error.__context__ or _wrapped(error)) is not None:
        error = inner
    return error


def _wrapped(error: BaseException) -> BaseException | None:
    # urllib3 keeps the error of a handshake so.
    first = error.args[0] if error.args else None
    return first if isinstance(first, BaseException) else None


def cause(error: BaseException) -> str:
    """Return the innermost reason of a failed connection."""
    first = innermost(error)
    return getattr(first, "strerror", None) or str(first) or type(first).__name__


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
