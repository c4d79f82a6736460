"""The settings as a list: for the reference, for error messages, and to compare them with conf/zoe.toml."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from zoe.config.model import Settings

_NAMED_BY_OTHERS = frozenset({"plugins", "idle.roles", "idle.zapp_types"})
"""Tables whose keys are names of plugins and of roles."""


@dataclass(frozen=True, slots=True)
class Described:
    """One setting: its path (`api.port`), its default, what it means. `default` is None where there is none."""

    key: str
    default: object
    doc: str


def described(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[Described]:
    """Yield every setting; plugins' own are not known here."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from described(kind, f"{prefix}{name}.")
        elif prefix + name not in _NAMED_BY_OTHERS:
            yield Described(prefix + name, _default(field), field.description or "")


def _default(field: FieldInfo) -> object:
    # One that is computed depends on the machine.
    return None if field.default_factory is not None else field.default
