"""How things are written on pages. What strangers wrote is shown as text, and cannot turn the text around it."""

import datetime as dt
import unicodedata

from markdown_it import MarkdownIt
from markupsafe import Markup

_JOINERS = "\u200c\u200d"  # Persian and emoji are written with them
_MARKDOWN = MarkdownIt("js-default")  # no HTML of the author's own, no address but http, https and mailto


def plain(value: object) -> object:
    """Replace what is no letter and obeyed nonetheless (controls, reversals of direction) by a sign that is seen."""
    if type(value) is not str or (value.isascii() and value.isprintable()):
        return value
    return "".join(map(_seen, value))


def _seen(letter: str) -> str:
    harmless = letter in "\n\t" + _JOINERS or unicodedata.category(letter) not in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
    return letter if harmless else "\ufffd"


def rich(markdown: str) -> Markup:
    """Return what an administrator wrote in Markdown, as HTML; markup inside it stays text."""
    tokens, level = _MARKDOWN.parse(str(plain(markdown))), 2
    for one in tokens:
        if one.type.startswith("heading_"):
            # Below the page's own, and none left out: who cannot see a page finds the way by its headings.
            level = min(int(one.tag[1:]) + 1, 6, level + one.nesting) if one.nesting == 1 else level
            one.tag = f"h{level}"
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))  # noqa: S704 - the renderer escapes


def moment(seconds: float) -> str:
    """Write a time: `2026-03-01 12:00:00 UTC`; the browser makes the reader's own of it."""
    return f"{_when(seconds):%Y-%m-%d %H:%M:%S} UTC"


def stamp(seconds: float) -> str:
    """Write a time as machines read it."""
    return _when(seconds).isoformat(timespec="milliseconds")


def _when(seconds: float) -> dt.datetime:
    try:
        return dt.datetime.fromtimestamp(seconds, dt.UTC)
    except (OverflowError, ValueError, OSError):
        return dt.datetime.fromtimestamp(0, dt.UTC)


def duration(seconds: float) -> str:
    """Write a length of time: `0.3 s`, `42 s`, `3 min 20 s`, `2 h 5 min`, `4 d 1 h`."""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    left = round(seconds)
    parts: list[str] = []
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, length)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
    return " ".join(part for part in parts[:2] if part)


STATUS_WORDS = {
    "submitted": "submitted",
    "queued": "waiting",
    "starting": "starting",
    "running": "running",
    "cleaning up": "stopping",
    "terminated": "ended",
    "error": "failed",
}
"""The statuses of executions as people are told."""


def status(name: str) -> str:
    """Write a status for people."""
    return STATUS_WORDS.get(name, name)
