"""Every error as an HTTP answer: one table, and the sentence in the reason phrase, where old clients look for it."""

import http
import logging
import re
from collections.abc import Iterable

import falcon

from zoe.errors import (
    ConflictError,
    FaultyDocumentError,
    ForbiddenError,
    NotFoundError,
    NotSignedInError,
    QuotaExceededError,
    StateUnavailableError,
    ZAppInvalidError,
    ZoeError,
)

LOGGER = logging.getLogger(__name__)
LONGEST_REASON = 300


class TooLargeError(ZoeError):
    """The body is larger than {limit} bytes."""


class WrongContentTypeError(ZoeError):
    """Send JSON, with Content-Type: application/json."""


class TooManyAttemptsError(ZoeError):
    """Too many failed attempts to sign in; try again in a minute."""


class TooManyFollowersError(ZoeError):
    """Too many logs are being followed at present; try again in a moment, or ask for ?follow=false."""


class StorageFullError(ZoeError):
    """The file could not be stored: {reason}."""


CODES: tuple[tuple[type[Exception], int], ...] = (
    (FaultyDocumentError, 400),
    (NotSignedInError, 401),
    (ForbiddenError, 403),
    (NotFoundError, 404),
    (QuotaExceededError, 409),
    (ConflictError, 409),
    (TooLargeError, 413),
    (WrongContentTypeError, 415),
    (TooManyAttemptsError, 429),
    (StateUnavailableError, 503),
    (TooManyFollowersError, 503),
    (StorageFullError, 507),
)
HEADERS = {401: {"WWW-Authenticate": 'Bearer realm="Zoe"'}, 429: {"Retry-After": "60"}, 503: {"Retry-After": "2"}}
UNEXPECTED = "Something went wrong inside Zoe; its log says what."
OTHERWISE = {
    404: "There is nothing at this address.",
    405: "This address does not know that method.",
    400: "The request is not valid.",
}


def install(app: falcon.App[falcon.Request, falcon.Response]) -> None:
    """Answer every error in the form of API 0.7."""
    app.add_error_handler(Exception, answer_unexpected)
    app.add_error_handler(falcon.HTTPError, answer_falcon)
    app.add_error_handler(ZoeError, answer_zoe)


def answer_zoe(_req: falcon.Request, resp: falcon.Response, error: ZoeError, _params: object) -> None:
    """Answer one of Zoe's own errors."""
    code = next((code for kind, code in CODES if isinstance(error, kind)), 500)
    if code == 500:
        LOGGER.error("a request failed: %s", error, exc_info=error)
    faults = error.faults if isinstance(error, FaultyDocumentError) else ()
    # Clients compare the sentence about ZApps; others may tell their faults, if they have some.
    message = str(error) if faults and not isinstance(error, ZAppInvalidError) else str(error.args[0])
    write(resp, code, message, ({"path": fault.path, "message": fault.message} for fault in faults))


def answer_falcon(_req: falcon.Request, resp: falcon.Response, error: falcon.HTTPError, _params: object) -> None:
    """Answer what Falcon itself refuses: unknown addresses and methods, broken headers."""
    code = error.status_code
    write(resp, code, error.description or OTHERWISE.get(code, error.title or ""))
    resp.set_headers(error.headers or {})


def answer_unexpected(req: falcon.Request, resp: falcon.Response, error: Exception, _params: object) -> None:
    """Answer a mistake of ours: the log gets the whole of it, the client a sentence."""
    LOGGER.error("%s %s failed", req.method, req.path, exc_info=error)
    write(resp, 500, UNEXPECTED)


def write(resp: falcon.Response, code: int, message: str, faults: Iterable[dict[str, str]] = ()) -> None:
    """Put an error's sentence into the reason phrase and, with the path of each fault, into the body."""
    resp.status = f"{code} {reason_phrase(message)}"
    resp.set_headers(HEADERS.get(code, {}))
    resp.media = {"title": http.HTTPStatus(code).phrase, "message": message, "errors": list(faults)}
    resp.content_type = falcon.MEDIA_JSON


def reason_phrase(message: str) -> str:
    """Make a sentence fit for a status line: Latin-1, one line, not too long."""
    line = re.sub(r"[\s\x00-\x1f\x7f-\x9f]+", " ", message).strip()
    if len(line) > LONGEST_REASON:
        line = line[: LONGEST_REASON - 3] + "..."
    return line.encode("latin-1", "replace").decode("latin-1")
