"""How the command `zoe` ends, run as a person runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from zoe.cli.demo_run import phases
from zoe.cli.leftovers import Census


def zoe(tmp_path: Path, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    own = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "ZOE_URL": "http://127.0.0.1:9", "ZOE_TOKEN": "x"}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ZOE_")} | own
    command = [sys.executable, "-m", "zoe.cli.main", *words]
    return subprocess.run(command, input=text, capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize("words", [["pss"], ["ps", "--limit", "many"], ["show"], ["start"], ["start", "--no"]])
def test_a_misused_command_ends_with_2(tmp_path: Path, words: list[str]) -> None:
    ended = zoe(tmp_path, *words)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_a_failure_is_one_sentence_on_standard_error_and_nothing_else(tmp_path: Path) -> None:
    ended = zoe(tmp_path, "ps", "--json")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.count("\n") == 1
    assert "Zoe does not answer at http://127.0.0.1:9" in ended.stderr


def test_debug_shows_where_an_error_came_from(tmp_path: Path) -> None:
    ended = zoe(tmp_path, "ps", "--debug")
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr


@pytest.mark.parametrize(
    ("text", "sentence"), [("{", "- is not JSON"), ("[]", "is not a ZApp"), ("[" * 100_000, "is not JSON")]
)
def test_a_file_that_is_no_zapp_is_refused_before_anybody_is_asked(tmp_path: Path, text: str, sentence: str) -> None:
    ended = zoe(tmp_path, "validate", "-", text=text)
    assert ended.returncode == 1
    assert sentence in ended.stderr


def test_a_password_is_never_taken_from_a_pipe_that_was_not_meant(tmp_path: Path) -> None:
    ended = zoe(tmp_path, "login", "-u", "ada", text="secret\n")
    assert ended.returncode == 1
    assert "--password-stdin" in ended.stderr


def test_the_phases_are_what_lies_between_the_events() -> None:
    def step(at: float, after: str | None, service: str | None = None) -> dict[str, object]:
        return {"at": at, "after": after, "service": service}

    steps = [step(11, "queued"), step(12, "starting"), step(13, "active", "w0"), step(15, "running"), step(16, None)]
    ended = [*steps, step(20, "cleaning up"), step(21, "terminated")]
    assert phases(10, ended) == {
        "waiting in the queue": 2,
        "starting services": 3,
        "Spark job": 5,
        "stopping services": 1,
    }


def test_a_census_finds_what_works_in_a_directory_and_where_it_listens(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    listen = "import socket; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); input()"
    census = Census(home)
    with subprocess.Popen(
        [sys.executable, "-c", listen], cwd=home, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        port = int(process.stdout.readline())
        census.look()
        assert census.processes() == [process.pid]
        assert census.ports == {("127.0.0.1", port)}
        process.communicate("\n")
    home.rmdir()
    assert census.left() == []


def test_json_of_the_plugins_parses_without_a_server(tmp_path: Path) -> None:
    ended = zoe(tmp_path, "plugins", "--json")
    assert ended.returncode == 0, ended.stderr
    names = {(one["kind"], one["name"]) for one in json.loads(ended.stdout)["plugins"]}
    assert any(name == "spark" for _, name in names)
