"""Reading what strangers send: JSON of a sane size, depth and content, checked against a model."""

import json
import math
from collections.abc import Iterator
from itertools import islice
from typing import Any, NoReturn, TypeVar

import falcon
from pydantic import BaseModel, ValidationError

from zoe.api.errors import TooLargeError, WrongContentTypeError
from zoe.errors import Fault, RequestInvalidError

DEEPEST = 48
BIGGEST = 2**63 - 1
MOST_FAULTS = 50

Model = TypeVar("Model", bound=BaseModel)


def read_body(req: falcon.Request, limit: int) -> object:
    """Return the JSON of a request, as it is: `fit` checks what it holds.

    Raises:
        TooLargeError: it is longer than `limit` bytes.
        WrongContentTypeError: it says that it is something else.
        RequestInvalidError: it is not JSON.

    """
    if (req.content_length or 0) > limit:
        raise TooLargeError(limit=limit)
    if req.content_type and req.content_type.split(";")[0].strip().lower() != "application/json":
        raise WrongContentTypeError
    return parse(req.bounded_stream.read(limit))


def parse(body: bytes) -> object:
    """Return the JSON in `body`; a key that comes twice, NaN and infinity are refused."""
    try:
        return json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise RequestInvalidError([Fault("", "the body is not UTF-8")]) from error
    except RecursionError as error:
        raise RequestInvalidError([Fault("", "the body is nested too deeply")]) from error
    except ValueError as error:
        raise RequestInvalidError([Fault("", f"the body is not JSON ({error})")]) from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:40]!a} comes twice")
    return made


def _no_number(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a number")


def fit(model: type[Model], document: object, below: str = "") -> Model:
    """Return `document` as a `model`; `below` is the path of the document itself, for the faults.

    Raises:
        RequestInvalidError: with the path of every fault.

    """
    if faults := list(islice(_unfit(document, below, 0), MOST_FAULTS)):
        raise RequestInvalidError(faults)
    try:
        return model.model_validate(document)
    except ValidationError as error:
        raise RequestInvalidError(faults_of(error, below)) from error


def faults_of(error: ValidationError, below: str = "") -> list[Fault]:
    """Name what pydantic found wrong, by path and sentence."""
    return [Fault(_path(below, entry["loc"]), _sentence(entry)) for entry in error.errors()[:MOST_FAULTS]]


def storable(text: str) -> bool:
    """Tell whether PostgreSQL can keep this text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _sentence(entry: Any) -> str:
    # What a model's own check raised is a sentence already; pydantic puts a prefix before it.
    return str(entry["msg"]).removeprefix("Value error, ")


def _path(below: str, location: tuple[int | str, ...]) -> str:
    path = below
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def _unfit(value: object, path: str, depth: int) -> Iterator[Fault]:
    """Find what JSON allows and PostgreSQL, or this program, would stumble over."""
    if isinstance(value, (dict, list)):
        yield from _unfit_inside(value, path, depth + 1)
    elif isinstance(value, str) and not storable(value):
        yield Fault(path, "the text holds a NUL or half a character")
    elif isinstance(value, (int, float)) and not _countable(value):
        yield Fault(path, "the number is too large")


def _countable(number: float) -> bool:
    return math.isfinite(number) if isinstance(number, float) else abs(number) <= BIGGEST


def _unfit_inside(value: dict[str, object] | list[object], path: str, depth: int) -> Iterator[Fault]:
    if depth > DEEPEST:
        yield Fault(path[:200], "it is nested too deeply")
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _unfit(entry, f"{path}[{index}]", depth)
    else:
        for key, entry in value.items():
            if storable(key):
                yield from _unfit(entry, f"{path}.{key}" if path else key, depth)
            else:
                yield Fault(path, "a key holds a NUL or half a character")
