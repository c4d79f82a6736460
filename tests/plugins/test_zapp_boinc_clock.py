"""A clock that jumps while the real client works: the task is done all the same, once."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.plugins.boinc_project import Project
from tests.plugins.boinc_project.books import DONE, UNSENT
from tests.plugins.boinc_project.running import Run
from tests.plugins.boinc_project.together import together

LIBRARY = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.xdist_group("boinc"),
    pytest.mark.skipif(not shutil.which("boinc"), reason="there is no BOINC client (apt-get install boinc-client)"),
    pytest.mark.skipif(LIBRARY is None, reason="there is no way to turn a clock (apt-get install faketime)"),
]


def turned_by(offset: str, clock: Path) -> None:
    """Set the clock of those that look at this file; in one step, for they look at every moment."""
    part = clock.with_suffix(".part")
    part.write_text(f"{offset}\n")
    part.rename(clock)


def with_a_clock(home: Path) -> tuple[dict[str, str], Path]:
    """Return the environment in which the client sees a clock that can be turned."""
    clock = home / "clock"
    turned_by("+0", clock)
    fake = {
        "LD_PRELOAD": str(LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    # The program passes hardly anything on to the client: a client of the same name does.
    folder = home / "bin"
    folder.mkdir()
    lines = [f"export {name}='{value}'" for name, value in fake.items()]
    client = folder / "boinc"
    client.write_text("\n".join(["#!/bin/sh", *lines, f'exec {shutil.which("boinc")} "$@"', ""]))
    client.chmod(0o755)
    path = os.pathsep.join([str(folder), str(Path(sys.executable).parent), os.environ["PATH"]])
    return {"PATH": path}, clock


def done_though_it_jumps(home: Path, jump: str) -> str:
    environment, clock = with_a_clock(home)
    with Project(tasks=2, work="6 0 10") as project, Run(project, home, environment=environment) as run:
        run.says("Starting task")
        turned_by(jump, clock)
        assert run.ends() == 0, run.log
        assert [task.state for task in project.books.tasks] == [DONE, UNSENT]
        return run.log


@together
def test_a_clock_that_jumps_ahead_in_the_middle_of_a_task_changes_nothing(home: Path) -> None:
    assert "starting it again" not in done_though_it_jumps(home, "+2d")


@together
def test_a_client_that_a_clock_set_back_has_stalled_is_started_again_and_goes_on_with_its_task(home: Path) -> None:
    log = done_though_it_jumps(home, "-2d")
    assert log.count("New system time") == log.count("the clock was set back") == 1
    assert log.count("Starting BOINC client") == 2
