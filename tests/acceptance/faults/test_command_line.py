"""`zoe` at the hands of people: Ctrl-C, wrong words, a service that is not there."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.conftest import Zoe, until
from tests.acceptance.faults.kit import application, entry


def _start(zoe: Zoe, home: Path, *words: object) -> "subprocess.Popen[str]":
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ZOE_")}
    around = clean | {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "ZOE_DATA_DIR": str(zoe.data_dir)}
    command = [sys.executable, "-m", "zoe", *map(str, words)]
    return subprocess.Popen(
        command,
        env=around,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_hear_ctrl_c,  # noqa: PLW1509 - it takes no lock
    )


def _hear_ctrl_c() -> None:
    # Tests that are started in the background are deaf to it, and so would be their children.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _written(home: Path, command: str) -> Path:
    path = home / "zapp.json"
    path.write_text(json.dumps(application(entry("main", command))))
    return path


def test_ctrl_c_ends_the_wait_and_says_so_but_leaves_the_execution_running(shared: Zoe, tmp_path: Path) -> None:
    before = set(shared.get("/execution"))
    waiting = _start(shared, tmp_path, "start", _written(tmp_path, "sleep 600"), "--wait")
    execution = int(until(lambda: set(shared.get("/execution")) - before, "the submission").pop())
    shared.wait_for(execution, "running")
    waiting.send_signal(signal.SIGINT)
    _, errors = waiting.communicate(timeout=60)
    assert waiting.returncode == 130
    assert "Traceback" not in errors
    assert shared.status(execution) == "running"


def test_who_stops_reading_a_log_ends_the_command_without_a_traceback(shared: Zoe, tmp_path: Path) -> None:
    execution = shared.submit("yes 0123456789 | head -c 2000000")
    shared.wait_for(execution, "terminated")
    reading = _start(shared, tmp_path, "logs", execution)
    assert reading.stdout is not None
    reading.stdout.readline()
    reading.stdout.close()
    assert reading.stderr is not None
    assert "Traceback" not in reading.stderr.read()
    reading.stderr.close()
    reading.wait(30)


@pytest.mark.parametrize(
    "words",
    [
        ("show", "999999"),
        ("show", "-1"),
        ("logs", "abc"),
        ("rm", "999999"),
        ("stop", "0"),
        ("start", "/no/such/zapp.json"),
        ("start", "/"),
        ("start", "/dev/null"),
        ("start", "spark", "--no-such-option"),
        ("start", "sparc"),
        ("nonsense",),
        ("user", "create"),
    ],
    ids=" ".join,
)
def test_wrong_words_end_with_a_sentence_and_never_a_traceback(
    shared: Zoe, tmp_path: Path, words: tuple[str, ...]
) -> None:
    ended = _start(shared, tmp_path, *words)
    _, errors = ended.communicate(timeout=60)
    assert ended.returncode not in {0, None}
    assert errors.strip()
    assert "Traceback" not in errors
    assert "inside `zoe` itself" not in errors
