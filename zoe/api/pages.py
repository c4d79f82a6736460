"""What a page of the web interface is to the server: who may see it, what its form brought, how it is answered.

It stands here so that `zoe.web` need not know Falcon: a page is a function of a `Call` whose document is its form.
"""

import logging
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import wraps
from hashlib import blake2b
from typing import Any, Concatenate, ParamSpec
from urllib.parse import quote

import falcon

from zoe.api import errors
from zoe.api.forms import Form, read_form
from zoe.api.operation import Call, Need, Resource, require
from zoe.errors import FaultyDocumentError, NotSignedInError, ZoeError

LOGGER = logging.getLogger(__name__)
Path = ParamSpec("Path")
HTML = "text/html; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Shown:
    """What is sent; `headers` beside those that every page gets."""

    content: bytes
    kind: str = HTML
    code: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GoTo:
    """Where the browser goes instead (303): an own path, or the whole address of another origin."""

    address: str
    cookies: Sequence[str] = ()


class Page(Resource):
    """A page, or several below one address. Its responders carry `@page`."""

    @abstractmethod
    def refusal(self, req: falcon.Request, code: int, message: str) -> Shown:
        """Return the page that tells what went wrong."""

    @abstractmethod
    def headers(self, req: falcon.Request) -> Mapping[str, str]:
        """Return the headers that every page gets."""


Responder = Callable[..., None]


def page(
    needs: Need = Need.SIGNED_IN, *, connected: bool = True
) -> Callable[[Callable[Concatenate[Any, Call[Form], Path], Shown | GoTo]], Responder]:
    """Make a Falcon responder of a method that takes a `Call` with the form (empty for GET) and returns what is shown.

    Pages are for everybody who is signed in, `can_access_api` or not: they show people their own.
    """

    def decorate(function: Callable[Concatenate[Any, Call[Form], Path], Shown | GoTo]) -> Responder:
        @wraps(function)
        def responder(self: Page, req: falcon.Request, resp: falcon.Response, **path: Any) -> None:
            try:
                with self.collaborators.database.session() if connected else nullcontext():
                    call = _call(self, req, needs)
                    shown = function(self, call, **path)  # type: ignore[call-arg]
            except NotSignedInError:
                shown = GoTo(
                    f"{self.collaborators.settings.api.url_prefix or ''}/signin?next={quote(_way_back(req), safe='')}"
                )
            except ZoeError as error:
                shown = self.refusal(req, *told(error))
            except Exception as error:
                LOGGER.exception("%s %s failed", req.method, req.path, exc_info=error)
                shown = self.refusal(req, 500, errors.UNEXPECTED)
            send(req, resp, shown, self.headers(req))

        return responder

    return decorate


def told(error: ZoeError) -> tuple[int, str]:
    """Return the HTTP code of an error and its sentence."""
    code = next((code for kind, code in errors.CODES if isinstance(error, kind)), 500)
    if code == 500:
        LOGGER.error("a page failed: %s", error, exc_info=error)
    return code, str(error) if isinstance(error, FaultyDocumentError) else str(error.args[0])


def add_pages(app: falcon.App[Any, Any], pages: Mapping[str, Page], lost: Page) -> None:
    """Route these pages; what leads nowhere outside `/api` is told by `lost`, for people."""
    for path, one in pages.items():
        app.add_route(path, one)

    def nowhere(req: falcon.Request, resp: falcon.Response, **_: object) -> None:
        send(req, resp, lost.refusal(req, 404, errors.OTHERWISE[404]), lost.headers(req))

    app.add_sink(nowhere, r"/(?!api(/|$))")


def _call(page: Page, req: falcon.Request, needs: Need) -> Call[Form]:
    account = None
    if needs is not Need.NOTHING:
        account = page.doorkeeper.recognise(req)
        if needs is not Need.SIGNED_IN:
            require(account, needs)
    return Call(req, read_form(req, page.collaborators.settings.api.max_body), account)


def _to_sign_in(page: Page, req: falcon.Request) -> GoTo:
    prefix = page.collaborators.settings.api.url_prefix or ""
    return GoTo(f"{prefix}/signin?next={quote(_way_back(req), safe='')}")


def _way_back(req: falcon.Request) -> str:
    """Return the path to come back to after signing in: of a form its page, as what was filled in is lost."""
    if req.method == "GET":
        return req.relative_uri
    return req.path.rpartition("/")[0] or "/"


def send(req: falcon.Request, resp: falcon.Response, shown: Shown | GoTo, headers: Mapping[str, str]) -> None:
    """Write the answer; to a GET whose answer the browser has already, say just that."""
    resp.set_headers(dict(headers))
    if isinstance(shown, GoTo):
        for cookie in shown.cookies:
            resp.append_header("Set-Cookie", cookie)
        resp.status = falcon.HTTP_303
        resp.location = shown.address
        return
    resp.set_headers(dict(shown.headers))
    resp.status = falcon.code_to_http_status(shown.code)
    if req.method == "GET" and shown.code == 200:
        resp.etag = tag = blake2b(shown.content, digest_size=12).hexdigest()
        if any(known in {"*", tag} for known in req.if_none_match or ()):
            resp.status = falcon.HTTP_304
            return
    resp.content_type = shown.kind
    resp.data = shown.content
