"""What no document may hold, wherever it stands: text that breaks terminals and databases, endless depth, NaN."""

import math
import re
from collections.abc import Iterator

from zoe.errors import Fault, ZAppInvalidError
from zoe.zapp.paths import below

DEEPEST = 32
MOST_VALUES = 300_000
_HOSTILE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def hygiene(document: object) -> Iterator[Fault]:
    """Look at every value of a document, the keys that the format does not know included.

    Raises:
        ZAppInvalidError: the document is so big that nothing more of it should be looked at.

    """
    todo: list[tuple[str, object, int]] = [("", document, 0)]
    room = MOST_VALUES
    while todo:
        path, value, depth = todo.pop()
        yield from (Fault(path, message) for message in _wrong(value))
        if not isinstance(value, (dict, list)) or not value:
            continue
        room -= len(value)
        if room < 0:
            raise ZAppInvalidError([Fault("", f"holds more than {MOST_VALUES} values; a ZApp has to be smaller")])
        if depth >= DEEPEST:
            yield Fault(path, f"is nested too deep; at most {DEEPEST} levels are allowed")
        else:
            todo += [(below(path, step), item, depth + 1) for step, item in _items(value)]


def _items(value: dict[object, object] | list[object]) -> Iterator[tuple[str | int, object]]:
    if isinstance(value, list):
        return enumerate(value)
    return ((key if isinstance(key, str) else f"({type(key).__name__})", item) for key, item in value.items())


def _wrong(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from _wrong_text(value, "")
    elif isinstance(value, float) and not math.isfinite(value):
        yield "is not a finite number; expected a number that JSON can write"
    elif isinstance(value, int) and abs(value) >= 2**63:
        yield "is too large a number; at most 63 bits are allowed"
    elif isinstance(value, dict):
        yield from _wrong_keys(value)


def _wrong_keys(value: dict[object, object]) -> Iterator[str]:
    for key in value:
        if isinstance(key, str):
            yield from _wrong_text(key, "has a key that ")
        else:
            yield "has a key that is not text"


def _wrong_text(text: str, subject: str) -> Iterator[str]:
    found = _HOSTILE.search(text)
    if found:
        what = "half a surrogate pair" if found[0] >= "\ud800" else "a control character"
        yield f"{subject}contains {what} (U+{ord(found[0]):04X} at position {found.start()}), which no ZApp may hold"
