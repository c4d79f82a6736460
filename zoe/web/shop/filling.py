"""What the parameters of a shop's ZApp do to it."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from zoe.errors import Fault, ParametersInvalidError
from zoe.web.fields import Field, label, written
from zoe.web.shop.manifest import Parameter


def fields_of(parameters: Sequence[Parameter]) -> list[Field]:
    """Return the fields of a form for these parameters."""
    return [_field(number, one) for number, one in enumerate(parameters)]


def _field(number: int, one: Parameter) -> Field:
    kind = "whole" if one.type == "int" else "text"
    return Field(
        _name(number, one),
        one.readable_name or label(one.name.lower() if one.name.isupper() else one.name),
        one.description,
        kind,
        required=one.default is None,
        default=one.default,
        low=one.min,
        high=one.max,
        shown=written(kind, one.default),
    )


def _name(number: int, one: Parameter) -> str:
    # Two kinds of parameter may carry one name.
    return f"{number}.{one.name}"


def filled_zapp(
    document: Mapping[str, object], parameters: Sequence[Parameter], values: Mapping[str, object]
) -> dict[str, object]:
    """Return the ZApp with these values put in; what is left out has its default.

    A variable goes into the environment of every service. A count is the total of its group; no more of them are core
    than before.

    Raises:
        ParametersInvalidError: a value is missing or out of bounds, or there is no such service.

    """
    made: dict[str, Any] = deepcopy(dict(document))
    faults = []
    for number, one in enumerate(parameters):
        name = _name(number, one)
        value = values.get(name, one.default)
        fault = _fault(one, value) or _put(made, one, value)
        if fault:
            faults.append(Fault(f"parameters.{name}", fault))
    if faults:
        raise ParametersInvalidError(faults)
    return made


def _fault(one: Parameter, value: object) -> str | None:
    if value is None:
        return "this has to be filled in"
    return _number_fault(one, value) if one.type == "int" else None


def _number_fault(one: Parameter, value: object) -> str | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return "should be a whole number"
    if one.min is not None and value < one.min:
        return f"should be at least {one.min}"
    if one.max is not None and value > one.max:
        return f"should be at most {one.max}"
    if one.step and (value - (one.min or 0)) % one.step:
        return f"should go in steps of {one.step}"
    return None


def _put(document: dict[str, Any], one: Parameter, value: object) -> str | None:
    services = [entry for entry in document.get("services", ()) if isinstance(entry, dict)]
    if one.kind == "environment":
        for entry in services:
            kept = [pair for pair in entry.get("environment") or () if list(pair)[:1] != [one.name]]
            entry["environment"] = [*kept, [one.name, str(value)]]
        return None
    own = next((entry for entry in services if entry.get("name") == one.name), None)
    if own is None:
        return f"the ZApp has no service {one.name}"
    if one.kind == "command":
        own["command"] = str(value)
    elif isinstance(value, int):
        own["total_count"] = value
        own["essential_count"] = min(own.get("essential_count", value), value)
    return None
