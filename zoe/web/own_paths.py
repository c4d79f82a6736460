"""Where a person may be sent after signing in: to a page of ours, never to a stranger's."""

import re
from urllib.parse import urlsplit

_PLAIN = re.compile(r"/[^\x00-\x20\x7f-\x9f\\]*")


def own_path(wanted: str, otherwise: str = "/") -> str:
    """Return the path that is wanted if it is one of this site, with its query; else another."""
    fits = _PLAIN.fullmatch(wanted) and not wanted.startswith("//") and len(wanted) <= 2000
    if not fits:
        return otherwise
    parts = urlsplit(wanted)
    return otherwise if parts.scheme or parts.netloc else wanted
