"""How times, amounts and statuses are written for a person."""

import datetime as dt
import itertools
import re

from zoe.errors import ZoeError

STYLES = {
    "submitted": "cyan",
    "queued": "yellow",
    "starting": "cyan",
    "running": "green",
    "cleaning up": "magenta",
    "terminated": "dim",
    "error": "bold red",
    "created": "dim",
    "runnable": "yellow",
    "active": "green",
    "terminating": "magenta",
    "inactive": "dim",
}
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def duration(seconds: float | None) -> str:
    """Write a length of time: `0.3 s`, `42 s`, `3 min 20 s`, `2 h 5 min`, `4 d 1 h`."""
    if seconds is None:
        return "-"
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    for (many, unit), (few, smaller) in itertools.pairwise(_UNITS):
        if whole >= many:
            rest = whole % many // few
            return f"{whole // many} {unit}" + (f" {rest} {smaller}" if rest else "")
    return f"{whole} s"


def size(count: float | None) -> str:
    """Write an amount of memory given in bytes: `512 MiB`, `1.5 GiB`."""
    if count is None:
        return "-"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < 1024:
            return f"{count:.4g} {unit}"
        count /= 1024
    return f"{count:.4g} TiB"


def parse_size(text: str) -> int:
    """Read an amount of memory: `1073741824`, `512M`, `1.5 GiB`; units are powers of 1024.

    Raises:
        ZoeError: it is none.

    """
    match = re.fullmatch(r"(\d{1,18}(?:\.\d{1,6})?) ?([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    if match is None:
        raise ZoeError(f"{text!r} is not an amount of memory: write it as 512M or 1.5G.")
    return int(float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " "))


def number(amount: float | None) -> str:
    """Write a count without a needless fraction: `2`, `0.5`."""
    return "-" if amount is None else f"{amount:.4g}"


def limit(amount: float, unit: str = "") -> str:
    """Write a limit of a quota, where 0 means none."""
    return "no limit" if not amount else f"{number(amount)}{unit}"


def moment(seconds: float | None) -> str:
    """Write a time in this machine's time zone: `2026-03-01 14:02:09`."""
    if seconds is None:
        return "-"
    return dt.datetime.fromtimestamp(seconds, dt.UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def ago(seconds: float | None, now: float) -> str:
    """Write how long ago something was."""
    return "-" if seconds is None else f"{duration(max(now - seconds, 0))} ago"


def status(word: str) -> str:
    """Colour a status, in rich's markup."""
    style = STYLES.get(word)
    return f"[{style}]{word}[/]" if style else word


def ran(start: float | None, end: float | None, now: float) -> str:
    """Write how long something ran, or has run so far."""
    return "-" if start is None else duration((now if end is None else end) - start)
