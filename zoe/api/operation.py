"""What all operations of the API share: who may, what is read, what is answered, and in which order."""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from functools import wraps
from hashlib import blake2b
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

import falcon
from pydantic import BaseModel

from zoe.api.bodies import fit, read_body
from zoe.api.collaborators import Collaborators
from zoe.api.identity import Doorkeeper
from zoe.errors import ForbiddenError, NotSignedInError
from zoe.state.accounts import Account

Document = TypeVar("Document")
Path = ParamSpec("Path")
JSON = "application/json; charset=UTF-8"


class Need(StrEnum):
    """Who may ask: anyone, anyone signed in, or users whose role carries the permission of this name."""

    NOTHING = "nothing"
    SIGNED_IN = "signed_in"
    API = "can_access_api"
    SEE_STATUS = "can_see_status"
    CHANGE_CONFIG = "can_change_config"
    OPERATE_OTHERS = "can_operate_others"
    DELETE_EXECUTIONS = "can_delete_executions"


@dataclass(frozen=True, slots=True)
class Operation:
    """What the OpenAPI document tells of an operation, and what is done before and after it.

    `connected`: whether it works with a database connection, which nothing slow may hold.
    """

    needs: Need
    body: type[BaseModel] | None = None
    raw: bool = False
    query: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    code: int = 200
    refusals: tuple[int, ...] = ()
    connected: bool = True


@dataclass(frozen=True, slots=True)
class Call(Generic[Document]):
    """One request: who asks, and the document (body or query) that came along."""

    request: falcon.Request
    document: Document
    account: Account | None = None

    @property
    def caller(self) -> Account:
        """Who is asking; every operation that needs more than nothing has one."""
        if self.account is None:
            raise NotSignedInError
        return self.account


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is more than a JSON object."""

    document: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: Iterable[bytes] | None = None


class Resource:
    """A noun of the API. Its responders carry `@operation`."""

    def __init__(self, collaborators: Collaborators, doorkeeper: Doorkeeper) -> None:
        self.collaborators = collaborators
        self.doorkeeper = doorkeeper


Result = Mapping[str, object] | Answer | None
Responder = Callable[..., None]


def operation(  # noqa: PLR0913 - a declaration: each is named where it is used
    needs: Need,
    *,
    body: type[BaseModel] | None = None,
    raw: bool = False,
    query: type[BaseModel] | None = None,
    answer: type[BaseModel] | None = None,
    code: int = 200,
    refusals: tuple[int, ...] = (),
    connected: bool = True,
) -> Callable[[Callable[Concatenate[Any, Call[Any], Path], Result]], Responder]:
    """Make a Falcon responder of a method that takes a `Call` and returns a document or an `Answer`.

    The order is: who is asking (401), may they (403), then what did they send (400). `raw` hands over the JSON as it
    came, for documents that are checked elsewhere; `body` then only describes it.
    """
    made = Operation(needs, body, raw, query, answer, code, refusals, connected)

    def decorate(function: Callable[Concatenate[Any, Call[Any], Path], Result]) -> Responder:
        @wraps(function)
        def responder(self: Resource, req: falcon.Request, resp: falcon.Response, **path: Any) -> None:
            database = self.collaborators.database
            with database.session() if connected else nullcontext():
                account = admit(self, req, needs)
                result = function(self, Call(req, _document(self, req, made), account), **path)  # type: ignore[call-arg]
            reply(req, resp, made.code, result)

        responder.operation = made  # type: ignore[attr-defined]
        return responder

    return decorate


def admit(resource: Resource, req: falcon.Request, needs: Need) -> Account | None:
    """Return who is asking, if they may."""
    if needs is Need.NOTHING:
        return None
    with resource.collaborators.database.session_or_own():
        account = resource.doorkeeper.recognise(req)
    if needs is not Need.SIGNED_IN:
        require(account, Need.API, needs)
    return account


def require(account: Account, *permissions: Need) -> None:
    """Refuse those whose role lacks a permission."""
    for permission in permissions:
        if permission not in account.permissions:
            raise ForbiddenError(f"Your role does not allow this: it lacks the permission {permission}.")


def _document(resource: Resource, req: falcon.Request, made: Operation) -> object:
    if made.query:
        return fit(made.query, req.params)
    if made.body or made.raw:
        sent = read_body(req, resource.collaborators.settings.api.max_body)
        return sent if made.raw or not made.body else fit(made.body, sent)
    return None


def reply(req: falcon.Request, resp: falcon.Response, code: int, result: Result) -> None:
    """Write the answer; to a GET whose answer the client has already, say just that."""
    answer = result if isinstance(result, Answer) else Answer(result)
    resp.status = falcon.code_to_http_status(code)
    for name, content in answer.headers.items():
        resp.append_header(name, content)
    if answer.stream is not None:
        resp.stream = answer.stream
        resp.content_type = "text/plain; charset=UTF-8"
    elif answer.document is not None:
        _reply_document(req, resp, json.dumps(answer.document, allow_nan=False).encode())


def _reply_document(req: falcon.Request, resp: falcon.Response, content: bytes) -> None:
    if req.method == "GET":
        tag = blake2b(content, digest_size=12).hexdigest()
        resp.etag = tag
        resp.cache_control = ["private", "no-cache"]
        if any(known in {"*", tag} for known in req.if_none_match or ()):
            resp.status = falcon.HTTP_304
            return
    resp.content_type = JSON
    resp.data = content
