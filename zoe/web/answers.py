"""From the fields of a form to the parameters they mean, and back to the form with what was wrong beside each field."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from zoe.api.forms import Form
from zoe.errors import Fault
from zoe.web.fields import Field, written

PREFIX = "p."
ASKED = "asked"
"""The field that tells a form that was filled in from a button that wants the defaults."""
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,3})?) ?([KMGT]?)(?:i?B)?", re.IGNORECASE)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def parameters(known: Sequence[Field], form: Form) -> dict[str, object]:
    """Return what a form says, as JSON: a field left empty is left out. What does not fit is for others to refuse."""
    if ASKED not in form:
        return {}
    found: dict[str, object] = {}
    for one in known:
        text = form.get(PREFIX + one.name, "").replace("\r\n", "\n")
        if one.kind == "switch":
            found[one.name] = bool(text)
        elif text.strip():
            found[one.name] = _typed(one.kind, text)
    return found


def _typed(kind: str, text: str) -> object:
    bare = text.strip()
    if kind == "lines":
        return [line for line in text.split("\n") if line.strip()]
    if kind == "pairs":
        return _pairs(text)
    if kind == "whole" and re.fullmatch(r"-?\d{1,30}", bare):
        return int(bare)
    if kind == "number" and re.fullmatch(r"-?\d{0,30}(\.\d{1,30})?", bare) and bare.strip("-"):
        return float(bare)
    if kind == "size" and (match := _SIZE.fullmatch(bare)):
        return int(float(match[1]) * _UNITS[match[2].upper()])
    return text if kind == "secret" else bare


def _pairs(text: str) -> dict[str, str]:
    lines = (line.partition("=") for line in text.split("\n") if line.strip())
    return {key.strip(): content.strip() for key, _, content in lines}


def filled(known: Iterable[Field], form: Form) -> list[Field]:
    """Return the fields as somebody has filled them in; a secret is asked again."""
    if ASKED not in form:
        return list(known)
    return [one if one.kind == "secret" else replace(one, shown=form.get(PREFIX + one.name, "")) for one in known]


def prefilled(known: Iterable[Field], values: Mapping[str, object]) -> list[Field]:
    """Return the fields with these values, those of an earlier execution say."""
    return [
        replace(one, shown=written(one.kind, values[one.name])) if values.get(one.name) is not None else one
        for one in known
    ]


def with_faults(known: Iterable[Field], faults: Iterable[Fault]) -> tuple[list[Field], list[str]]:
    """Put what is wrong beside its field; return also what concerns none of them."""
    left = list(faults)
    marked = []
    for one in known:
        own = [fault for fault in left if _concerns(fault.path, one.name)]
        left = [fault for fault in left if fault not in own]
        marked.append(replace(one, error="; ".join(fault.message for fault in own)) if own else one)
    return marked, [str(Fault("" if fault.path == "parameters" else fault.path, fault.message)) for fault in left]


def _concerns(path: str, name: str) -> bool:
    rest = path.removeprefix("parameters.")
    return rest == name or rest.startswith((f"{name}.", f"{name}["))
