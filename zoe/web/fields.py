"""The fields of a form, made from the JSON Schema of parameters."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from zoe.web.amounts import short_size

Schema = Mapping[str, Any]
NULL = "null"
FIELDS_AT_ONCE = 6
"""How many fields a form shows without being asked for more."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form.

    `kind`: choice, switch, whole, number, size, secret, lines (a list), pairs (an object) or text. `shown` is what
    stands in it, `default` what it is worth if left empty, as JSON has it.
    """

    name: str
    label: str
    help: str
    kind: str
    required: bool
    default: object = None
    choices: Sequence[str] = ()
    low: float | None = None
    high: float | None = None
    longest: int | None = None
    example: str = ""
    fixed: bool = False
    advanced: bool = False
    shown: str | Sequence[str] = ""
    error: str = ""

    @property
    def bounds(self) -> str:
        """Say between which bounds a number is, if there are any."""
        write = short_size if self.kind == "size" else "{:g}".format
        if self.low is not None and self.high is not None:
            return f"{write(self.low)} to {write(self.high)}"
        if self.low is not None:
            return f"at least {write(self.low)}"
        return f"at most {write(self.high)}" if self.high is not None else ""


def fields(schema: Schema, fixed: Mapping[str, object] | None = None) -> list[Field]:
    """Return the fields of a schema of properties, what is required first; `fixed` ones are not asked."""
    required = set(schema.get("required", ()))
    made = [
        _field(name, _resolved(entry, schema), name in required)
        for name, entry in schema.get("properties", {}).items()
        if name not in (fixed or {})
    ]
    made.sort(key=lambda one: not one.required)
    return [_advanced(one, schema, place) for place, one in enumerate(made)]


def _advanced(one: Field, schema: Schema, place: int) -> Field:
    said = schema["properties"][one.name].get("advanced")
    late = place >= FIELDS_AT_ONCE or one.kind == "pairs" or one.name == "image"
    return replace(one, advanced=not one.required and (late if said is None else bool(said)))


def _field(name: str, entry: Schema, required: bool) -> Field:
    kind = _kind(name, entry)
    default = entry.get("default")
    examples = entry.get("examples") or [""]
    made = Field(
        name,
        label(name),
        str(entry.get("description", "")),
        kind,
        required,
        default=default,
        choices=tuple(str(one) for one in _choices(entry)),
        low=_bound(entry, "minimum", "exclusiveMinimum"),
        high=_bound(entry, "maximum", "exclusiveMaximum"),
        longest=_bound(entry, "maxLength"),
        example=str(examples[0]),
    )
    return replace(made, shown=written(kind, default))


def label(name: str) -> str:
    """Write the name of a parameter for people: `worker_memory` is "Worker memory"."""
    words = re.sub(r"[_-]+", " ", name).strip()
    return words[:1].upper() + words[1:]


def written(kind: str, value: object) -> str | Sequence[str]:
    """Write a value as a form's field holds it."""
    if value is None or kind == "secret":
        return ""
    if kind == "switch":
        return "on" if value else ""
    if kind == "size" and isinstance(value, int):
        return short_size(value)
    if kind == "pairs" and isinstance(value, Mapping):
        return "\n".join(f"{key}={content}" for key, content in value.items())
    if kind == "lines" and isinstance(value, Sequence) and not isinstance(value, str):
        return "\n".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _kind(name: str, entry: Schema) -> str:
    types = set(_types(entry)) - {NULL}
    if _choices(entry):
        return "choice"
    if entry.get("writeOnly") or entry.get("format") == "password":
        return "secret"
    if types == {"boolean"}:
        return "switch"
    if types == {"integer", "string"} or (types == {"integer"} and "memory" in name):
        return "size"
    simple = {"array": "lines", "object": "pairs", "integer": "whole", "number": "number"}
    return next((kind for type_, kind in simple.items() if type_ in types), "text")


def _resolved(entry: Schema, root: Schema) -> Schema:
    """Follow references, and lay alternatives with their one meaning beside null into one."""
    if reference := entry.get("$ref"):
        target = root.get("$defs", {}).get(str(reference).rsplit("/", 1)[-1], {})
        entry = {**target, **{key: content for key, content in entry.items() if key != "$ref"}}
    meanings = [_resolved(one, root) for one in entry.get("anyOf", ()) if one.get("type") != NULL]
    return {**meanings[0], **entry} if len(meanings) == 1 else {**entry, "anyOf": meanings} if meanings else entry


def _types(entry: Schema) -> Iterator[str]:
    stated = entry.get("type", ())
    yield from [stated] if isinstance(stated, str) else stated
    for alternative in entry.get("anyOf", ()):
        yield from _types(alternative)


def _choices(entry: Schema) -> Sequence[object]:
    return list(entry.get("enum", ())) or ([entry["const"]] if "const" in entry else [])


def _bound(entry: Schema, *names: str) -> Any:
    everywhere = (entry, *entry.get("anyOf", ()))
    return next((one[name] for name in names for one in everywhere if name in one), None)
