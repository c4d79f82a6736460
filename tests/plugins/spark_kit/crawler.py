"""Follows every link, stylesheet, script and picture of a site, as far as its own origin goes."""

import urllib.error
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

LINKS = {("a", "href"), ("link", "href"), ("script", "src"), ("img", "src"), ("iframe", "src"), ("form", "action")}
# These act, or answer with the stacks of all threads: links all the same, but not for a crawler.
NOT_FOLLOWED = ("/kill", "terminate=")
# The same page in another order.
SORTED = (".sort=", ".desc=")


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [text for name, text in attrs if text and (tag, name) in LINKS]


def crawl(origin: str, *starts: str, most: int = 400) -> dict[str, int]:
    """Return every address that was asked for, with its status: 0 for a link that leads elsewhere."""
    seen: dict[str, int] = {}
    todo = [f"{origin}{start}" for start in starts]
    while todo and len(seen) < most:
        address = todo.pop(0)
        if address in seen:
            continue
        seen[address], page = _get(address) if address.startswith(f"{origin}/") else (0, "")
        todo += [link for link in _links(address, page) if link not in seen]
    return seen


def _links(address: str, page: str) -> Iterator[str]:
    parser = _Links()
    parser.feed(page)
    for link in parser.found:
        absolute = urldefrag(urljoin(address, link)).url.replace(" ", "%20")
        if urlsplit(absolute).scheme in {"http", "https"} and not any(
            word in absolute for word in NOT_FOLLOWED + SORTED
        ):
            yield absolute


def _get(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            html = "html" in answer.headers.get("Content-Type", "")
            return answer.status, answer.read().decode(errors="replace") if html else ""
    except urllib.error.HTTPError as error:
        error.close()
        return error.code, ""
