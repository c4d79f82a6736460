"""The kinds of values that settings have beside pydantic's own."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

_SUFFIXES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def _size(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,3})?) ?([KMGT]?)", value.strip())
    if match is None:
        raise ValueError("should be a number of bytes, or a text such as 512K, 256M, 1.5G or 2T")
    return int(float(match[1]) * _SUFFIXES[match[2]])


def _words(value: object) -> object:
    # The environment has no lists.
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def _at_home(value: Path) -> Path:
    return value.expanduser().absolute()


Size = Annotated[int, BeforeValidator(_size), Field(ge=0, lt=1 << 60)]
"""Bytes; also written with a suffix, powers of 1024."""

Seconds = Annotated[float, Field(gt=0, le=31_536_000)]

Location = Annotated[Path, AfterValidator(_at_home)]
"""A path, `~` allowed, absolute once read."""

Locations = Annotated[tuple[Location, ...], BeforeValidator(_words)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
