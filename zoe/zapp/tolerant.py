"""Looks into a document that may be faulty everywhere: what is of the wrong type is passed over, others report it."""

from collections.abc import Iterator

Object = dict[str, object]


def objects(holder: Object, key: str) -> Iterator[tuple[int, Object]]:
    """Yield the objects of the list under `key`, each with its place in it."""
    for index, item in items(holder, key):
        if isinstance(item, dict):
            yield index, item


def items(holder: Object, key: str) -> Iterator[tuple[int, object]]:
    """Yield what the list under `key` holds, each with its place in it."""
    value = holder.get(key)
    if isinstance(value, (list, tuple)):
        yield from enumerate(value)


def inner(holder: Object, key: str) -> Object:
    """Return the object under `key`, or an empty one."""
    value = holder.get(key)
    return value if isinstance(value, dict) else {}


def text(holder: Object, key: str) -> str | None:
    """Return the text under `key`, if it is one."""
    value = holder.get(key)
    return value if isinstance(value, str) else None


def whole(holder: Object, key: str) -> int | None:
    """Return the whole number under `key`, if it is one; true is none."""
    value = holder.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number(holder: Object, key: str) -> float | None:
    """Return the number under `key`, if it is one; true is none."""
    value = holder.get(key)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None
