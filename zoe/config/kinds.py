"""The kinds of values that settings have beside pydantic's own."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field


def _words(value: object) -> object:
    # The environment has no lists.
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


def _at_home(value: Path) -> Path:
    return value.expanduser().absolute()


Seconds = Annotated[float, Field(gt=0, le=31_536_000)]

Location = Annotated[Path, AfterValidator(_at_home)]
"""A path, `~` allowed, absolute once read."""

Locations = Annotated[tuple[Location, ...], BeforeValidator(_words)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
