"""The manifest of a ZApp-shop folder: which ZApps it holds, for whom, and what one may set."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]
FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_. -]{0,127}$")]
"""A file of the folder itself: no path leads out of it."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Parameter(_Part):
    """What a person may set: a variable of the environment, a service's command, or how many of a group there are.

    `name` is the variable, or the group of services.
    """

    kind: Literal["environment", "command", "service_count"]
    name: Line
    readable_name: str = ""
    description: str = ""
    default: str | int | float | bool | None = None
    type: Literal["string", "int"] = "string"
    min: int | None = None
    max: int | None = None
    step: int | None = None

    @model_validator(mode="after")
    def _counts_are_numbers(self) -> Self:
        if self.kind == "service_count" and self.type != "int":
            return self.model_copy(update={"type": "int"})
        return self


class Entry(_Part):
    """A ZApp of the folder; `description` names its file, `readable_descr` a page about it in Markdown."""

    category: Line
    name: Line
    description: FileName
    readable_descr: FileName | None = None
    parameters: tuple[Parameter, ...] = ()
    logo: FileName | None = None
    labels: tuple[str, ...] = ()
    enabled_for: tuple[str, ...] = ()
    disabled_for: tuple[str, ...] = ()

    def is_for(self, role: str) -> bool:
        """Tell whether people of this role are offered it."""
        return role not in self.disabled_for and (not self.enabled_for or role in self.enabled_for)


class Manifest(_Part):
    """What stands in manifest.json."""

    version: Literal[1]
    zapps: tuple[Entry, ...] = Field(max_length=1000)
