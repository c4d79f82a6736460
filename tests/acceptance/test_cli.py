"""The command line against a real `zoe serve`, run as a person runs it."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from zoe.cli.demo_server import DemoServer
from zoe.cli.leftovers import Census
from zoe.cli.main import app
from zoe.client import Client

pytestmark = pytest.mark.xdist_group("cli")
Zoe = Callable[..., "Ended"]
WITHOUT_STREAMS = """
from zoe.cli.main import main
from zoe.client import Client
Client._way = lambda self: None
main()
"""
PASSWORD = "correct horse: battery"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(scope="module")
def server() -> Iterator[DemoServer]:
    made = DemoServer()
    census = Census(made.directory)
    try:
        made.start().wait_until_ready()
        yield made
        made.stop_executions()
    finally:
        made.stop()
        census.wait_for_processes()
        made.remove()
    assert census.left() == []


@pytest.fixture
def zoe(server: DemoServer, tmp_path: Path) -> Zoe:
    """Run `zoe` with the words given; on the serving machine unless other variables say otherwise."""

    def run(*words: object, text: str = "", **variables: str) -> Ended:
        own = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
        cleared: dict[str, str | None] = {name: None for name in os.environ if name.startswith("ZOE_")}
        ours = variables or {"ZOE_DATA_DIR": str(server.data_dir)}
        # In this process: a new one takes half a second to get going (which tests/unit/test_cli_main.py does).
        ended = CliRunner().invoke(app, [*map(str, words)], input=text, env=cleared | own | ours)
        return Ended(ended.exit_code, ended.stdout, ended.stderr)

    return run


@pytest.fixture
def tiny(tmp_path: Path) -> Callable[[str], Path]:
    """Write a ZApp with one service that runs a line of shell; returns its file."""

    def write(command: str) -> Path:
        resources = {"memory": {"min": 32 << 20, "max": None}, "cores": {"min": 0.1, "max": None}}
        service = {
            "name": "main",
            "image": "none:1",
            "monitor": True,
            "total_count": 1,
            "essential_count": 1,
            "startup_order": 0,
            "resources": resources,
            "command": command,
            "environment": [],
            "volumes": [],
            "ports": [],
        }
        path = tmp_path / "tiny.json"
        path.write_text(json.dumps({"name": "tiny", "version": 3, "will_end": True, "size": 0, "services": [service]}))
        return path

    return write


def answer(ended: Ended) -> Any:
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def number_of(ended: Ended) -> int:
    return int(answer(ended)["execution_id"])


def test_waiting_ends_as_the_execution_does_and_prints_its_log_alone(zoe: Zoe, tiny: Callable[[str], Path]) -> None:
    ended = zoe("start", tiny("echo hello; exit 3"), "--wait", "--logs")
    assert ended.returncode == 3, ended.stderr
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d hello\n", ended.stdout)
    assert "error - main0 ended with exit code 3" in ended.stderr


def test_waiting_for_success_ends_with_0_and_json_is_the_execution(zoe: Zoe, tiny: Callable[[str], Path]) -> None:
    ended = zoe("start", tiny("true"), "--name", "well-done", "--wait", "--json")
    execution = answer(ended)
    assert (execution["name"], execution["status"], execution["exit_code"]) == ("well-done", "terminated", 0)
    assert ended.stderr == ""


@pytest.mark.parametrize(("option", "opportunistic"), [("--opportunistic", True), ("--regular", False), (None, False)])
def test_whoever_starts_says_whether_it_runs_on_leftovers(
    zoe: Zoe, tiny: Callable[[str], Path], option: str | None, opportunistic: bool
) -> None:
    said = () if option is None else (option,)
    ended = answer(zoe("start", tiny("true"), *said, "--wait", "--json"))
    assert (ended["opportunistic"], ended["status"]) == (opportunistic, "terminated")
    assert answer(zoe("show", ended["id"], "--json"))["opportunistic"] is opportunistic
    assert ("Opportunistic" in zoe("show", ended["id"]).stdout) is opportunistic


def test_a_zapp_type_is_started_on_leftovers_as_well_and_told_so(zoe: Zoe, server: DemoServer) -> None:
    words = ("--project-url", "https://example.org/science/", "--account-key", "-", "--cores", 1000)
    number = number_of(zoe("start", "boinc", "--opportunistic", *words, "--json", text="some_key_0123456789\n"))
    shown = answer(zoe("show", number, "--json"))
    assert (shown["opportunistic"], shown["parameters"]["keep"]) == (True, True)
    assert "some_key" not in zoe("show", number).stdout + json.dumps(shown)
    assert zoe("stop", number).returncode == 0
    with server.client() as client:
        assert client.wait(number)["status"] == "terminated"


def test_the_life_of_an_execution(zoe: Zoe, server: DemoServer, tiny: Callable[[str], Path]) -> None:
    number = number_of(zoe("start", tiny("echo here; sleep 1000"), "--json"))
    assert number in [one["id"] for one in answer(zoe("ps", "--json"))]
    assert "tiny" in zoe("ps").stdout
    followed = zoe("logs", number, "main0")
    assert followed.returncode == 0, followed.stderr
    refused = zoe("rm", number)
    assert (refused.returncode, refused.stderr) == (1, "Cannot delete an active execution\n")
    assert zoe("stop", number).stdout == f"Execution {number} is being stopped.\n"
    assert "here" in zoe("logs", number, "-f").stdout
    with server.client() as client:
        client.wait(number)
    shown = answer(zoe("show", number, "--json"))
    assert [one["name"] for one in shown["services"]] == ["main0"]
    assert shown["events"][-1]["after"] == "terminated"
    assert "terminated" in zoe("show", number).stdout
    assert number not in [one["id"] for one in answer(zoe("ps", "--json"))]
    assert number in [one["id"] for one in answer(zoe("ps", "--all", "--json"))]
    assert answer(zoe("rm", number, "--json")) == {"removed": [number]}
    assert zoe("show", number).returncode == 1


def test_a_followed_log_ends_with_the_outcome(zoe: Zoe, tiny: Callable[[str], Path]) -> None:
    number = number_of(zoe("start", tiny("echo one; sleep 1; echo two; exit 3"), "--json"))
    ended = zoe("logs", number, "-f")
    assert ended.returncode == 0
    assert [line.split()[2] for line in ended.stdout.splitlines()] == ["one", "two"]
    assert ended.stderr == f"Execution {number} has failed with exit code 3: main0 ended with exit code 3\n"
    *lines, last = [json.loads(line) for line in zoe("logs", number, "-f", "--json").stdout.splitlines()]
    assert [one["line"].split()[2] for one in lines] == ["one", "two"]
    assert (last["execution"]["id"], last["execution"]["exit_code"]) == (number, 3)


@pytest.mark.parametrize("streams", [True, False])
def test_every_change_is_watched_until_one_interrupts(
    zoe: Zoe, server: DemoServer, tiny: Callable[[str], Path], streams: bool
) -> None:
    words = [sys.executable, "-m", "zoe", "ps", "--watch", "--json"]
    own = {"ZOE_DATA_DIR": str(server.data_dir), "PATH": os.environ["PATH"]}
    if not streams:
        words = [sys.executable, "-c", WITHOUT_STREAMS, *words[3:]]
    watching = subprocess.Popen(words, env=own, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert watching.stdout is not None
    number = number_of(zoe("start", tiny("sleep 1000"), "--json"))
    told = ((one["id"], one["status"]) for one in map(json.loads, watching.stdout))
    assert (number, "running") in told
    assert zoe("stop", number).returncode == 0
    assert (number, "terminated") in told
    watching.send_signal(signal.SIGINT)
    assert (watching.wait(60), watching.communicate()[1]) == (130, "")


def test_stopping_several_does_what_it_can_and_fails_if_one_failed(zoe: Zoe, tiny: Callable[[str], Path]) -> None:
    number = number_of(zoe("start", tiny("sleep 1000"), "--json"))
    ended = zoe("stop", 999999, number, "--json")
    assert ended.returncode == 1
    assert json.loads(ended.stdout) == {"stopped": [number]}
    assert "999999" in ended.stderr


@pytest.mark.parametrize(
    "words", [["nodes"], ["plugins"], ["user", "list"], ["role", "list"], ["quota", "list"], ["token", "list"], ["ps"]]
)
def test_every_list_is_a_table_for_people_and_json_for_programs(zoe: Zoe, words: list[str]) -> None:
    seen = zoe(*words)
    assert (seen.returncode, seen.stderr) == (0, "")
    assert seen.stdout
    assert isinstance(answer(zoe(*words, "--json")), (dict, list))


def test_plugins_in_use_are_the_servers_to_tell(zoe: Zoe) -> None:
    in_use = {(one["kind"], one["name"]): one["in_use"] for one in answer(zoe("plugins", "--json"))["plugins"]}
    assert in_use["backend", "process"] is True


def test_users_roles_and_quotas_come_change_and_go(zoe: Zoe) -> None:
    assert zoe("role", "add", "student", "--allow", "access_api").returncode == 0
    assert zoe("quota", "add", "small", "--executions", "1", "--memory", "1G").returncode == 0
    ada_is = ("--role", "student", "--quota", "small", "--email", "ada@example.org")
    assert zoe("user", "add", "ada", *ada_is, "--password-stdin", text=PASSWORD + "\n").returncode == 0
    quota = next(one for one in answer(zoe("quota", "list", "--json")).values() if one["name"] == "small")
    assert (quota["concurrent_executions"], quota["memory"], quota["cores"]) == (1, 1 << 30, 0)
    assert zoe("quota", "set", "small", "--cores", "2").returncode == 0
    assert zoe("role", "set", "student", "--allow", "see_status").returncode == 0
    assert zoe("user", "set", "ada", "--disabled", "--quota", "default").returncode == 0
    ada = next(one for one in answer(zoe("user", "list", "--json")).values() if one["username"] == "ada")
    assert (ada["enabled"], ada["email"]) == (False, "ada@example.org")
    changed = next(one for one in answer(zoe("quota", "list", "--json")).values() if one["name"] == "small")
    assert (changed["concurrent_executions"], changed["cores"]) == (1, 2)
    for words in (("user", "rm", "ada"), ("role", "rm", "student"), ("quota", "rm", "small")):
        assert zoe(*words).returncode == 0
    assert zoe("user", "rm", "ada").stderr == "There is no user ada.\n"


def test_login_keeps_a_token_for_this_user_alone(zoe: Zoe, server: DemoServer, tmp_path: Path) -> None:
    url = json.loads((server.data_dir / "local.json").read_text())["url"]
    zoe("user", "add", "bob", "--role", "superuser", "--password-stdin", text=PASSWORD)
    elsewhere = {"ZOE_URL": url}
    wrong = zoe("login", "-u", "bob", "--password-stdin", text="wrong\n", **elsewhere)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    ended = zoe("login", "-u", "bob", "--password-stdin", text=PASSWORD + "\n", **elsewhere)
    assert ended.returncode == 0, ended.stderr
    kept = tmp_path / "zoe/login.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert PASSWORD not in kept.read_text()
    assert answer(zoe("ps", "--json", **elsewhere)) == []
    assert zoe("user", "list", **elsewhere).returncode == 1
    with Client(url, username="bob", password=PASSWORD) as by_password:
        assert next(by_password.streams._connect("events", "")).kind == "the stream is open"


def test_a_token_works_until_it_is_revoked(zoe: Zoe, server: DemoServer) -> None:
    url = json.loads((server.data_dir / "local.json").read_text())["url"]
    made = answer(zoe("token", "create", "for a test", "--json"))
    own = {"ZOE_URL": url, "ZOE_TOKEN": made["token"]}
    assert zoe("nodes", **own).returncode == 0
    assert zoe("token", "revoke", made["token_id"]).returncode == 0
    assert zoe("nodes", **own).returncode == 1


def test_every_fault_of_a_zapp_is_a_line_with_its_place(zoe: Zoe, tiny: Callable[[str], Path]) -> None:
    path = tiny("true")
    assert zoe("validate", path).stdout == f"{path} is a valid ZApp.\n"
    zapp = json.loads(path.read_text())
    zapp["size"] = -1
    zapp["services"][0]["monitor"] = "perhaps"
    for words in (("validate", "-"), ("start", "-")):
        ended = zoe(*words, text=json.dumps(zapp))
        assert (ended.returncode, ended.stdout) == (1, "")
        first, *faults = ended.stderr.splitlines()
        assert first == "Invalid application description"
        assert {fault.strip().split(":")[0] for fault in faults} == {"size", "services[0].monitor"}


def test_the_options_of_a_zapp_type_come_from_the_server(zoe: Zoe) -> None:
    assert "--worker-memory" in zoe("start", "spark", "--help").stdout
    unknown = zoe("start", "spark", "--script", "wc.py", "--wrokers", "2")
    assert unknown.returncode == 2
    assert "--workers" in unknown.stderr
    faulty = zoe("start", "spark", "--script", "wc.py", "--workers", "no")
    assert faulty.returncode == 1
    assert "workers" in faulty.stderr
    assert "There is no file and no ZApp type 'sparkle'" in zoe("start", "sparkle").stderr


def test_a_zapp_that_fails_before_it_runs_ends_with_1_and_the_reason(zoe: Zoe, tiny: Callable[[str], Path]) -> None:
    path = tiny("true")
    zapp = json.loads(path.read_text())
    zapp["services"][0]["command"] = ["/no/such/program"]
    ended = zoe("start", "-", "--wait", text=json.dumps(zapp))
    assert ended.returncode != 0
    assert "/no/such/program" in ended.stderr
