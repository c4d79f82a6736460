"""What of the headers goes on to a service, and what of its answer goes back to the browser."""

import re
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from multidict import CIMultiDict, CIMultiDictProxy

from zoe.gateway.table import Target

_HOPS = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer"}
    | {"transfer-encoding", "upgrade"}
)
_OURS = frozenset(
    {"forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix"}
    | {"x-forwarded-context", "x-real-ip", "expect", "x-zoe-peer", "x-zoe-failed"}
)
_SWEEPING = frozenset({"clear-site-data"})
"""What would sweep away Zoe's own cookies with those of the service."""
_ZOE_COOKIE = re.compile(r"^\s*zoe(?:-[^=;\s]*)?\s*(?:=|$)", re.IGNORECASE)
_PATH_ATTRIBUTE = re.compile(r";\s*(?:path|domain)\s*(?:=[^;]*)?(?=;|$)", re.IGNORECASE)
_PATH = re.compile(r";\s*path\s*=\s*([^;]*)", re.IGNORECASE)
_REFRESH = re.compile(r"^(\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?['\"]?)([^'\"]*)(.*)$", re.IGNORECASE | re.DOTALL)

Headers = CIMultiDict[str]
Sent = CIMultiDict[str] | CIMultiDictProxy[str]


def zoe_cookies(header: str) -> str:
    """Return the cookies that are Zoe's own."""
    return ";".join(pair.strip() for pair in header.split(";") if _ZOE_COOKIE.match(pair))


def without_zoe_cookies(header: str) -> str:
    """Return the cookies that are not Zoe's own, as they were."""
    return "; ".join(pair.strip() for pair in header.split(";") if pair.strip() and not _ZOE_COOKIE.match(pair))


def to_service(sent: Sent, target: Target, peer: str, scheme: str, *, token: bool) -> Headers:
    """Return the headers that the service gets; `token`: the Authorization header was meant for Zoe."""
    dropped = _HOPS | _OURS | _named(sent) | ({"authorization"} if token else set())
    kept: Headers = CIMultiDict()
    for name, text in sent.items():
        low = name.lower()
        if low == "cookie":
            text = without_zoe_cookies(text)  # noqa: PLW2901 - what is left of it
            if not text:
                continue
        if low not in dropped:
            kept.add(name, text)
    host = sent.get("Host", "")
    kept["X-Forwarded-For"] = peer
    kept["X-Forwarded-Proto"] = scheme
    kept["X-Forwarded-Host"] = host
    if not target.port.keeps_prefix:
        # Programs that look for either of these put the prefix before their own links.
        kept["X-Forwarded-Prefix"] = kept["X-Forwarded-Context"] = target.port.path
    return kept


def to_browser(answered: Sent, target: Target, neighbours: Iterable[Target], host: str) -> Headers:
    """Return the headers that the browser gets."""
    dropped = _HOPS | _SWEEPING | _named(answered)
    kept: Headers = CIMultiDict()
    for name, text in answered.items():
        low = name.lower()
        if low in dropped:
            continue
        change = _CHANGES.get(low)
        changed = change(_clean(text), target, neighbours, host) if change else _clean(text)
        if changed is not None:
            kept.add(name, changed)
    return kept


def cookie(text: str, target: Target, _neighbours: Iterable[Target], _host: str) -> str | None:
    """Return a Set-Cookie header that holds below the prefix only; None for one that looks like Zoe's."""
    if _ZOE_COOKIE.match(text):
        return None
    named = _PATH.search(text)
    path = named[1].strip().strip('"') if named else ""
    return f"{_PATH_ATTRIBUTE.sub('', text)}; Path={below(path if path.startswith('/') else '/', target)}"


def location(text: str, target: Target, neighbours: Iterable[Target], host: str) -> str:
    """Return an address that the service names as the browser has to ask for it."""
    if text.startswith("/") and not text.startswith(("//", "/\\")):
        return below(text, target)
    try:
        parts = urlsplit(text)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme or "http")
    except ValueError:
        return text
    if not parts.netloc or parts.scheme not in {"", "http", "https"}:
        return text
    rest = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    rest += f"#{parts.fragment}" if parts.fragment else ""
    if parts.netloc.lower() == host.lower():
        return below(rest, target)
    for other in [target, *neighbours]:
        if other.port.number == port and parts.hostname in _names(other):
            return below(rest, other)
    return text


def below(path: str, target: Target) -> str:
    """Return a path of the service as it is below its prefix."""
    prefix = target.port.path
    return path if path == prefix or path.startswith((f"{prefix}/", f"{prefix}?")) else prefix + path


def _refresh(text: str, target: Target, neighbours: Iterable[Target], host: str) -> str:
    found = _REFRESH.match(text)
    return f"{found[1]}{location(found[2], target, neighbours, host)}{found[3]}" if found and found[2] else text


def _workers(_text: str, target: Target, _neighbours: Iterable[Target], _host: str) -> str:
    # A service worker of the whole origin would see the tickets with which people come in, and others' pages.
    return f"{target.port.path}/"


_CHANGES: dict[str, Callable[[str, Target, Iterable[Target], str], str | None]] = {
    "set-cookie": cookie,
    "location": location,
    "content-location": location,
    "refresh": _refresh,
    "service-worker-allowed": _workers,
}


def _names(target: Target) -> set[str | None]:
    return {name.lower() for name in (target.service.address, target.service.dns_name) if name}


def _named(sent: Sent) -> set[str]:
    """Return the headers that the Connection header says are for this hop only."""
    return {name.strip().lower() for one in sent.getall("Connection", ()) for name in one.split(",")}


def _clean(text: str) -> str:
    # Bytes that are no UTF-8 would not be written; most likely they are Latin-1.
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
