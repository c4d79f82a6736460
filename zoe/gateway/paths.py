"""Addresses behind the gateway, as they were sent: `/<execution>/<service>/<port name>/...`."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

_ID = re.compile(r"[1-9][0-9]{0,17}")
_DOTS = re.compile(r"/(?:\.|%2e){1,2}(?:/|$)", re.IGNORECASE)
_PRINTABLE = re.compile(r"/[^\x00-\x20\x7f#\ud800-\udfff]*")


class OddPathError(Exception):
    """The path could be read in two ways; nobody sends such but to trick somebody."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a path names. `prefix` is as it was sent, `rest` begins with a slash or `?`, or is empty."""

    execution: int
    service: str
    port: str
    prefix: str
    rest: str


def read(target: str) -> Wanted | None:
    """Return what a request target names, None where it can be nothing of ours.

    Only the first three steps are looked at: what follows is the service's own, with every doubled slash and `%2f`.

    Raises:
        OddPathError: it holds steps such as `..` (browsers have resolved theirs), or is no path at all.

    """
    path = target.partition("?")[0]
    if not _PRINTABLE.fullmatch(target) or _DOTS.search(path):
        raise OddPathError
    steps = path.split("/", 4)
    if len(steps) < 4 or not _ID.fullmatch(steps[1]) or not steps[2] or not steps[3]:
        return None
    prefix = "/".join(steps[:4])
    return Wanted(int(steps[1]), unquote(steps[2]), unquote(steps[3]), prefix, target[len(prefix) :])


def execution_of(target: str) -> int | None:
    """Return the execution that a path begins with."""
    first = target.split("/", 2)[1].partition("?")[0] if target.startswith("/") else ""
    return int(first) if _ID.fullmatch(first) else None
