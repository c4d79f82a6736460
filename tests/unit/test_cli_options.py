"""Options of `zoe start TYPE`, from the JSON Schema of its parameters."""

from typing import Any

import pytest
import typer

from zoe.cli import zapp_options
from zoe.cli.roles import RIGHTS, rights

SCHEMA: dict[str, Any] = {
    "properties": {
        "script": {"type": "string", "description": "What runs."},
        "workers": {"type": "integer", "default": 2},
        "share": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "worker_memory": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        "eager": {"type": "boolean"},
        "packages": {"type": "array", "items": {"type": "string"}},
        "conf": {"type": "object"},
        "mode": {"$ref": "#/$defs/Mode"},
        "arguments": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["script"],
    "$defs": {"Mode": {"type": "string", "enum": ["1", "2"]}},
}


@pytest.mark.parametrize(
    ("words", "parameters"),
    [
        ([], {}),
        (["--script", "wc.py", "--workers", "3"], {"script": "wc.py", "workers": 3}),
        (["--script=a=b"], {"script": "a=b"}),
        (["--workers=many"], {"workers": "many"}),
        (["--workers", "-1"], {"workers": -1}),
        (["--share", "0.5"], {"share": 0.5}),
        (["--worker-memory", "1G"], {"worker_memory": "1G"}),
        (["--worker-memory", "1024"], {"worker_memory": 1024}),
        (["--eager"], {"eager": True}),
        (["--no-eager", "--mode", "1"], {"eager": False, "mode": "1"}),
        (["--eager=false"], {"eager": False}),
        (["--packages", "a", "--packages", "b"], {"packages": ["a", "b"]}),
        (["--conf", "a.b=1", "--conf", "c=x=y"], {"conf": {"a.b": "1", "c": "x=y"}}),
        (["--workers", "2", "--", "--script", "7"], {"workers": 2, "arguments": ["--script", "7"]}),
    ],
)
def test_options_get_the_type_that_the_schema_wants(words: list[str], parameters: dict[str, object]) -> None:
    assert zapp_options.parameters(words, SCHEMA) == parameters


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--worker", "2"], "no such option: --worker. Did you mean --workers?"),
        (["--zzz", "2"], "There are: --script"),
        (["--no-workers"], "no such option: --no-workers"),
        (["wc.py"], "what is 'wc.py' for"),
        (["--script"], "--script needs a value"),
        (["--script", "--workers"], "--script needs a value"),
        (["--conf", "a"], "--conf takes KEY=VALUE"),
    ],
)
def test_what_the_schema_does_not_know_is_named(words: list[str], sentence: str) -> None:
    with pytest.raises(typer.BadParameter, match=sentence.replace("?", r"\?")):
        zapp_options.parameters(words, SCHEMA)


def test_arguments_are_refused_where_the_type_takes_none() -> None:
    with pytest.raises(typer.BadParameter, match="takes no arguments"):
        zapp_options.parameters(["--", "x"], {"properties": {}})


def test_the_help_names_every_parameter_with_its_default() -> None:
    rows = {option: (value, text) for option, value, text in zapp_options.described(SCHEMA)}
    assert rows["--script"] == ("TEXT", "What runs. (required)")
    assert rows["--workers"] == ("NUMBER", "(default: 2)")
    assert rows["--conf"][0] == "KEY=VALUE"
    assert len(rows) == len(SCHEMA["properties"])


def test_rights_are_words_of_the_api_with_or_without_can() -> None:
    assert rights(["see_status"], ["can_access_api"]) == {"can_see_status": True, "can_access_api": False}
    assert len(rights(RIGHTS, None)) == 7
    with pytest.raises(typer.BadParameter, match="is no right"):
        rights(["fly"], None)
