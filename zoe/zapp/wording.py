"""Says in plain words what pydantic found."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from zoe.errors import Fault
from zoe.zapp.model import PARTS, ZApp
from zoe.zapp.paths import joined

_PROBLEMS = {
    "missing": "is missing",
    "string_type": "is not text",
    "string_unicode": "is not valid text",
    "string_pattern_mismatch": "is not of the right form",
    "string_too_long": "is too long",
    "bool_type": "is neither true nor false",
    "int_type": "is not a whole number",
    "float_type": "is not a number",
    "finite_number": "is not a finite number",
    "model_type": "is not an object",
    "model_attributes_type": "is not an object",
    "tuple_type": "is not a list",
    "too_short": "has too few entries",
    "too_long": "has too many entries",
    "literal_error": "is not one of the words allowed",
    "greater_than": "is not greater than {gt}",
    "greater_than_equal": "is less than {ge}",
    "less_than_equal": "is greater than {le}",
}
_ENTRIES: dict[str | tuple[str, int], str] = {
    "command": "text up to 64 KiB",
    "labels": "a label of at most 128 characters, such as ssd or rack=3",
    "environment": "a pair [name, value]",
    ("environment", 0): "a name of letters, digits, `_`, `.` and `-` that begins with a letter or `_`",
    ("environment", 1): "text up to 64 KiB",
}


def faults_in(error: ValidationError) -> Iterator[Fault]:
    """Turn the findings of a validation of `ZApp` into faults."""
    # The inputs stay out: they may be huge, hostile, or a number that Python refuses to print.
    all_found = error.errors(include_url=False, include_input=False)
    holders = {found["loc"][:depth] for found in all_found for depth in range(len(found["loc"]))}
    for found in all_found:
        # pydantic does not count faulty entries, and calls a list of them too short.
        if found["type"] == "too_short" and found["loc"] in holders:
            continue
        steps = _without_tags(found["loc"])
        yield Fault(joined(steps), _sentence(found["type"], found["msg"], found.get("ctx", {}), _expected(steps)))


def _sentence(kind: str, message: str, facts: Mapping[str, Any], expected: str) -> str:
    if kind == "zapp":
        return message
    return f"{_PROBLEMS.get(kind, 'is not right').format_map(facts)}; expected {expected}"


def _without_tags(steps: Sequence[str | int]) -> list[str | int]:
    # The branch of the union behind `command` is no key of the document.
    end = steps.index("command") + 1 if "command" in steps else len(steps)
    return [*steps[:end], *(step for step in steps[end:] if isinstance(step, int))]


def _expected(steps: Sequence[str | int]) -> str:
    keys = [step for step in steps if isinstance(step, str)]
    if isinstance(steps[-1], int):
        return _expected_entry(keys[-1], len(steps) - steps.index(keys[-1]) - 1, steps[-1])
    model: type[BaseModel] = ZApp
    for key in keys[:-1]:
        model = PARTS[key]
    return model.model_fields["shm" if keys[-1] == "shm_size" else keys[-1]].description or "another value"


def _expected_entry(key: str, depth: int, place: int) -> str:
    if key in PARTS:
        needed = [name for name, field in PARTS[key].model_fields.items() if field.is_required()]
        return f"an object with {', '.join(needed)}"
    return _ENTRIES[(key, place) if depth > 1 else key]
