"""Kinds of settings that both Zoe and its plugins have."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

_SUFFIXES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def _size(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,3})?) ?([KMGT]?)", value.strip())
    if match is None:
        raise ValueError("should be a number of bytes, or a text such as 512K, 256M, 1.5G or 2T")
    return int(float(match[1]) * _SUFFIXES[match[2]])


Size = Annotated[int, BeforeValidator(_size), Field(ge=0, lt=1 << 60)]
"""Bytes; also written with a suffix, powers of 1024."""
