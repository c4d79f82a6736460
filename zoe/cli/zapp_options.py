"""Options of `zoe start TYPE`, made from the JSON Schema of the type's parameters."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import typer

from zoe.cli import formatting as fmt

Schema = Mapping[str, Any]
ARGUMENTS = "arguments"
"""The parameter that takes what follows `--`."""


def option(name: str) -> str:
    """Write a parameter's name as an option: `worker_memory` is `--worker-memory`."""
    return "--" + name.replace("_", "-")


def parameters(words: Sequence[str], schema: Schema) -> dict[str, object]:
    """Read `--name value`, `--name=value`, `--flag`, `--no-flag`, repeated lists, and what follows `--`.

    Values are checked by the server: here they only get the JSON type that the schema wants.
    Raises `typer.BadParameter` for what the schema does not know.
    """
    split = words.index("--") if "--" in words else len(words)
    own, following = list(words[:split]), list(words[split + 1 :])
    found: dict[str, object] = {}
    while own:
        name, text = _take(own, schema)
        _put(found, name, text, schema)
    if following:
        _put_arguments(found, following, schema)
    return found


def _take(words: list[str], schema: Schema) -> tuple[str, str | bool]:
    """Take one option and its value off the front of the words."""
    word = words.pop(0)
    if not word.startswith("--"):
        raise typer.BadParameter(
            f"what is {word!r} for? Options begin with --, the script's arguments follow a lone --."
        )
    flag, equals, text = word.partition("=")
    name, wanted = _named(flag, schema)
    if equals:
        return name, text
    if "boolean" in kinds(schema["properties"][name], schema):
        return name, wanted
    if not words or words[0].startswith("--"):
        raise typer.BadParameter(f"{flag} needs a value.")
    return name, words.pop(0)


def _named(flag: str, schema: Schema) -> tuple[str, bool]:
    """Find the parameter behind an option; False for the `--no-` form of a flag."""
    known = {option(name): name for name in schema.get("properties", {})}
    if flag in known:
        return known[flag], True
    positive = "--" + flag.removeprefix("--no-")
    if positive in known and "boolean" in kinds(schema["properties"][known[positive]], schema):
        return known[positive], False
    near = difflib.get_close_matches(flag, known, n=1)
    meant = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known) or 'none'}."
    raise typer.BadParameter(f"no such option: {flag}. {meant}")


def _put(found: dict[str, object], name: str, text: str | bool, schema: Schema) -> None:
    property_ = schema["properties"][name]
    wanted = kinds(property_, schema)
    so_far: Any = found.get(name)
    if isinstance(text, bool):
        found[name] = text
    elif "array" in wanted:
        found[name] = [*(so_far or ()), typed(text, kinds(property_.get("items", {}), schema))]
    elif "object" in wanted:
        key, equals, inner = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{option(name)} takes KEY=VALUE.")
        found[name] = {**(so_far or {}), key: inner}
    else:
        found[name] = typed(text, wanted)


def _put_arguments(found: dict[str, object], words: list[str], schema: Schema) -> None:
    if "array" not in kinds(schema.get("properties", {}).get(ARGUMENTS, {}), schema):
        raise typer.BadParameter(f"this ZApp type takes no arguments after --: {' '.join(words)}")
    found[ARGUMENTS] = words


def typed(text: str, wanted: frozenset[str]) -> object:
    """Give a text the JSON type that is wanted, where it can have it; the server explains the others."""
    if "boolean" in wanted and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if "integer" in wanted and re.fullmatch(r"-?\d{1,30}", text):
        return int(text)
    if "number" in wanted and re.fullmatch(r"-?\d{1,30}(\.\d{1,30})?", text):
        return float(text)
    return text


def kinds(schema: Schema, root: Schema) -> frozenset[str]:
    """Tell the JSON types that a schema allows, through references and alternatives."""
    return frozenset(_kinds(schema, root))


def _kinds(schema: Schema, root: Schema) -> Iterator[str]:
    reference = schema.get("$ref")
    if reference:
        yield from _kinds(root.get("$defs", {}).get(str(reference).rsplit("/", 1)[-1], {}), root)
    stated = schema.get("type", ())
    yield from [stated] if isinstance(stated, str) else stated
    for alternatives in ("anyOf", "oneOf", "allOf"):
        for alternative in schema.get(alternatives, ()):
            yield from _kinds(alternative, root)


def described(schema: Schema) -> Iterator[tuple[str, str, str]]:
    """Yield option, kind of value and description of each parameter, for the help."""
    required = set(schema.get("required", ()))
    for name, property_ in schema.get("properties", {}).items():
        text = str(property_.get("description", ""))
        ending = "(required)" if name in required else _default(name, property_.get("default"))
        written = f"{option(name)} / -- ..." if name == ARGUMENTS else option(name)
        yield written, _placeholder(kinds(property_, schema)), f"{text} {ending}".strip()


def _default(name: str, default: object) -> str:
    if default in (None, [], {}):
        return ""
    return f"(default: {fmt.size(default) if 'memory' in name and isinstance(default, int) else default})"


def _placeholder(wanted: frozenset[str]) -> str:
    words = {"object": "KEY=VALUE", "string": "TEXT", "array": "TEXT", "number": "NUMBER", "integer": "NUMBER"}
    return next((word for kind, word in words.items() if kind in wanted), "")
