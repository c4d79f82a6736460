"""From command line, environment and file to settings."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from zoe.config.described import described
from zoe.config.environment import from_environment
from zoe.config.model import Settings
from zoe.errors import ConfigInvalidError, Fault
from zoe.faults import faults_of

Tree = dict[str, object]


def load(
    path: Path | None, overrides: Mapping[str, object] | None = None, environ: Mapping[str, str] = os.environ
) -> Settings:
    """Return the settings: `overrides` (by path: `{"api.port": 0}`; None means not given) over `environ` over the file.

    Raises:
        ConfigInvalidError: every fault in any of the three.

    """
    known = frozenset(setting.key for setting in described()) | set(Settings.model_fields)
    tree, faults = from_environment(environ, known)
    given = {key: value for key, value in (overrides or {}).items() if value is not None}
    tree = merged(merged(_from_file(path) if path else {}, tree), nested(given))
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        raise ConfigInvalidError([*faults, *faults_of(error, known)]) from None
    if faults:
        raise ConfigInvalidError(faults)
    return settings


def nested(flat: Mapping[str, object]) -> Tree:
    """Return `{"api": {"port": 1}}` for `{"api.port": 1}`."""
    tree: Tree = {}
    for key, value in flat.items():
        for step in reversed(key.split(".")):
            value = {step: value}  # noqa: PLW2901 - wrapped from the inside out
        tree = merged(tree, value)  # type: ignore[arg-type]
    return tree


def merged(low: Mapping[str, object], high: Mapping[str, object]) -> Tree:
    """Return both trees as one; where both have a value the higher counts."""
    tree = dict(low)
    for key, value in high.items():
        below = tree.get(key)
        tree[key] = merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return tree


def _from_file(path: Path) -> Tree:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigInvalidError([Fault(str(path), f"cannot be read: {error.strerror}")]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigInvalidError([Fault(str(path), f"is not TOML: {error}")]) from error
