"""Addresses as old clients write them: with doubled and trailing slashes; and ids as PostgreSQL can have them."""

import re

import falcon
from falcon.routing import BaseConverter

_SLASHES = re.compile("/{2,}")
_ID = re.compile("[0-9]{1,19}")
BIGGEST_ID = 2**63 - 1


class Slashes:
    """Middleware: reads `//execution/7/` as `/execution/7`."""

    def process_request(self, req: falcon.Request, _resp: falcon.Response) -> None:
        """Tidy the path before it is routed."""
        req.path = _SLASHES.sub("/", req.path).rstrip("/") or "/"


class IdConverter(BaseConverter):
    """An id in an address; what is none leads nowhere (404)."""

    def convert(self, value: str) -> int | None:
        """Return the id."""
        number = int(value) if _ID.fullmatch(value) else -1
        return number if 0 <= number <= BIGGEST_ID else None
