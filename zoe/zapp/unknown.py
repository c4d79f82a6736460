"""Keys that the format does not know: no fault, but often a slip of the pen."""

from collections.abc import Iterator, Set
from difflib import get_close_matches
from itertools import islice

from pydantic import BaseModel

from zoe.errors import Fault
from zoe.zapp.model import PARTS, ZApp
from zoe.zapp.paths import below
from zoe.zapp.tolerant import items
from zoe.zapp.upgrade import KNOWN_KEYS, is_version_2

MOST_WARNINGS = 100


def unknown_keys(document: object) -> list[Fault]:
    """Name the keys that mean nothing in the format, with the nearest that does (the first hundred of them).

    They do not invalidate a ZApp: old ones carry keys of their own. Works on any document, also a faulty one.
    """
    if not isinstance(document, dict):
        return []
    known = KNOWN_KEYS if is_version_2(document) else _KEYS
    return list(islice(_unknown(document, known, "", ""), MOST_WARNINGS))


def _unknown(value: dict[str, object], known: dict[str, frozenset[str]], holder: str, path: str) -> Iterator[Fault]:
    for key, inner in value.items():
        if not isinstance(key, str):
            continue
        if key not in known[holder]:
            yield Fault(below(path, key), _message(key, known[holder]))
        elif key in known:
            yield from _below(inner, known, key, below(path, key))


def _below(value: object, known: dict[str, frozenset[str]], holder: str, path: str) -> Iterator[Fault]:
    if isinstance(value, dict):
        yield from _unknown(value, known, holder, path)
    for index, item in items({holder: value}, holder):
        if isinstance(item, dict):
            yield from _unknown(item, known, holder, below(path, index))


def _message(key: str, known: Set[str]) -> str:
    near = get_close_matches(key[:64].lower(), sorted(known), n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"is not a key of the ZApp format and is ignored{hint}"


def _names(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(model.model_fields) | ({"shm_size"} if "shm" in model.model_fields else set())


_KEYS = {"": _names(ZApp)} | {key: _names(model) for key, model in PARTS.items()}
