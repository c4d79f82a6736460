"""Whether a page of another origin makes a browser act for its user: the gateway's pages are such pages."""

from urllib.parse import urlsplit

import falcon

from zoe.errors import ForbiddenError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def check_origin(req: falcon.Request) -> None:
    """Refuse a change that another origin asks for.

    A browser says so itself (`Sec-Fetch-Site`, which pages cannot forge, else `Origin`); other clients say nothing.

    Raises:
        ForbiddenError: it comes from elsewhere.

    """
    if req.method in SAFE_METHODS or _at_home(req):
        return
    raise ForbiddenError("This request comes from a page of another origin; Zoe does not act for it.")


def _at_home(req: falcon.Request) -> bool:
    site = req.get_header("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = req.get_header("Origin")
    return origin is None or urlsplit(origin).netloc == (req.get_header("Host") or req.netloc)
