"""Settings from the environment: `ZOE_API__PORT=80` is `api.port`; pydantic turns the text into what it should be."""

import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from difflib import get_close_matches

from zoe.errors import Fault
from zoe.faults import unknown_key

PREFIX = "ZOE_"
_ALIASES = {"ZOE_ADMIN_PASSWORD": "users.admin_password"}


def from_environment(environ: Mapping[str, str], known: Collection[str]) -> tuple[dict[str, object], list[Fault]]:
    """Return the tree of what is set, and a fault for each variable that seems meant for us but means nothing.

    `ZOE_X__Y` is always meant for us. Other programs have a right to names such as ZOE_TEST_DIR, so that a plain
    name counts only if it is almost one of ours. A plugin's list or table may be given as JSON.
    """
    variables = {_variable(key): key for key in known} | _ALIASES
    tree: dict[str, object] = {}
    faults = []
    for name, value in sorted(environ.items()):
        key = variables.get(name) or _of_a_plugin(name)
        if key is not None:
            _put(tree, key.split("."), value if name in variables else _structured(value))
        elif name.startswith(PREFIX) and (fault := _meant_for_us(name, variables, known)):
            faults.append(fault)
    return tree, faults


def _variable(key: str) -> str:
    return PREFIX + key.upper().replace(".", "__")


def _of_a_plugin(name: str) -> str | None:
    steps = name.removeprefix(PREFIX).lower().split("__")
    return ".".join(steps) if name.startswith(f"{PREFIX}PLUGINS__") and len(steps) > 2 and all(steps) else None


def _structured(value: str) -> object:
    # Plugins have lists of tables, which no other notation of one line can say.
    if value.lstrip()[:1] in {"[", "{"}:
        with suppress(ValueError, RecursionError):
            return json.loads(value)
    return value


def _put(tree: dict[str, object], steps: list[str], value: object) -> None:
    for step in steps[:-1]:
        below = tree.get(step)
        if not isinstance(below, dict):
            below = tree[step] = {}
        tree = below
    tree[steps[-1]] = value


def _meant_for_us(name: str, variables: Mapping[str, str], known: Collection[str]) -> Fault | None:
    if "__" in name.removeprefix(PREFIX):
        fault = unknown_key(name.removeprefix(PREFIX).lower().replace("__", "."), known)
        return Fault(name, fault.message)
    almost = {variable.replace("__", "_"): variable for variable in variables}
    close = get_close_matches(name, almost, n=1, cutoff=0.92)
    return Fault(name, f"unknown variable; did you mean `{almost[close[0]]}`?") if close else None
