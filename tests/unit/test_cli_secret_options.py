"""How a secret parameter reaches `zoe start`."""

import io
from typing import Any

import pytest

from zapp_boinc.parameters import BoincParameters
from zoe.cli import secret_options
from zoe.errors import ZoeError

SCHEMA: dict[str, Any] = BoincParameters.model_json_schema()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_key_of_the_schema_is_known_as_a_secret() -> None:
    assert list(secret_options.secrets(SCHEMA)) == ["account_key"]


def test_a_dash_reads_a_line_of_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("hush\nmore"))
    assert secret_options.filled_in({"account_key": "-"}, SCHEMA) == {"account_key": "hush"}


def test_a_missing_secret_is_asked_for_without_an_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Terminal())
    prompts: list[str] = []

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return "hush"

    monkeypatch.setattr("getpass.getpass", ask)
    assert secret_options.filled_in({}, SCHEMA) == {"account_key": "hush"}
    assert prompts == ["Account key: "]


def test_without_a_terminal_it_is_said_how_to_give_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(ZoeError, match="say --account-key - and pipe it in"):
        secret_options.filled_in({}, SCHEMA)
    with pytest.raises(ZoeError, match="there was none"):
        secret_options.filled_in({"account_key": "-"}, SCHEMA)


def test_a_secret_among_the_arguments_is_taken_and_warned_of() -> None:
    said: list[str] = []
    assert secret_options.filled_in({"account_key": "hush"}, SCHEMA, said.append) == {"account_key": "hush"}
    assert "process list" in said[0]
    assert "hush" not in said[0]
