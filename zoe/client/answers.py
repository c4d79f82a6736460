"""Answers of the API, read: a document, or the error that it tells of."""

import httpx

from zoe import errors
from zoe.client.documents import Document, ServerFailedError
from zoe.errors import NotFoundError, NotSignedInError, StateUnavailableError, ZoeError


def document_in(answer: httpx.Response) -> Document:
    """Return the JSON object of an answer.

    Raises:
        ServerFailedError: it is none.

    """
    if not answer.content:
        return {}
    try:
        document = answer.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise ServerFailedError(f"What answers at {answer.url} is not Zoe's API.")
    return document


def _phrase(answer: httpx.Response) -> str:
    """Return what the status line says: old Zoes say there what is wrong, other servers nothing that helps."""
    if answer.status_code == 404 and answer.reason_phrase.lower() in {"", "not found", "file not found"}:
        return f"What answers is no Zoe, or an older one than this command needs: nothing is found at {answer.url}."
    return answer.reason_phrase or f"HTTP status {answer.status_code}"


_REFUSALS = {401: NotSignedInError, 403: errors.ForbiddenError, 404: NotFoundError, 503: StateUnavailableError}


def refusal_in(answer: httpx.Response) -> ZoeError:
    """Return the error that an answer tells of, with the server's own words."""
    try:
        body = document_in(answer)
    except ServerFailedError:
        body = {}
    message = str(body.get("message") or _phrase(answer))
    faults = [errors.Fault(str(one.get("path", "")), str(one.get("message", ""))) for one in body.get("errors") or ()]
    if answer.status_code in {400, 413, 422}:
        return errors.RequestInvalidError(faults, message)
    if answer.status_code == 409:
        return errors.QuotaExceededError(message) if "quota" in message else errors.ConflictError(message)
    return _REFUSALS.get(answer.status_code, ServerFailedError)(message)
