"""Ends that come from outside: a stop, a killed client, a full disk; and what goes on afterwards."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.plugins.boinc_project import Project
from tests.plugins.boinc_project.books import DONE, UNSENT
from tests.plugins.boinc_project.faults import FOR_EVER
from tests.plugins.boinc_project.running import Run, command_line
from tests.plugins.boinc_project.together import together

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.xdist_group("boinc"),
    pytest.mark.skipif(not shutil.which("boinc"), reason="there is no BOINC client (apt-get install boinc-client)"),
]
GRACE_S = 10


def keeping(home: Path) -> dict[str, str]:
    return {"ZOE_BOINC_KEEP": str(home / "kept")}


@together
def test_a_stop_tells_the_project_that_the_task_will_not_come_back(home: Path) -> None:
    with Project(work="600 0 10") as project, Run(project, home) as run:
        run.says("Starting task")
        assert run.stop() < GRACE_S
        assert run.ends() == 143, run.log
        assert run.last_line == f"Stopped; {project.url} knows that task wu_1_0 does not come back."
        assert project.books.tasks[0].exit_statuses == [199]


@together
def test_a_stop_while_the_project_fails_is_no_slower_and_says_that_nobody_was_told(home: Path) -> None:
    with Project(work="600 0 10") as project, Run(project, home) as run:
        run.says("Starting task")
        project.faults.scheduler_500 = FOR_EVER
        assert run.stop() < GRACE_S
        assert run.ends() == 143, run.log
        assert "could not be told in time, and waits for task wu_1_0" in run.last_line


@together
def test_a_stop_of_all_processes_at_once_tells_the_project_as_well(home: Path) -> None:
    with Project(work="600 0 10") as project, Run(project, home) as run:
        run.says("Starting task")
        assert run.stop(everybody=True) < GRACE_S
        assert run.ends() == 143, run.log
        assert project.books.tasks[0].exit_statuses == [199]


@together
def test_a_program_that_does_not_listen_is_gone_with_the_stop(home: Path) -> None:
    with Project(work="600 0 10 deaf") as project, Run(project, home) as run:
        run.says("Starting task")
        assert run.stop() < GRACE_S
        assert run.ends() == 143, run.log
        assert project.books.tasks[0].exit_statuses == [199]


@together
def test_a_stop_before_the_project_answers_is_heard(home: Path) -> None:
    with Run("http://127.0.0.1:9/closed/", home) as run:
        run.says("waiting for the project")
        assert run.stop() < GRACE_S
        assert run.ends() == 143, run.log


@together
def test_a_stop_while_there_is_no_work_is_heard(home: Path) -> None:
    with Project() as project:
        project.faults.no_work, project.faults.no_work_delay = FOR_EVER, 60
        with Run(project, home) as run:
            run.says("got 0 new tasks")
            assert run.stop() < GRACE_S
            assert run.ends() == 143, run.log


@together
def test_time_in_which_everything_stood_still_is_nobodys_patience(home: Path) -> None:
    """As with a machine that was asleep: whoever looks at the clock next must not think that the project was silent."""
    with Project(work="0.5 0 10") as project:
        project.faults.upload_later = FOR_EVER
        with Run(project, home, patience=12) as run:
            run.says("Temporarily failed upload")
            with standing_still(run, 18):
                project.faults.upload_later = 0
            assert run.ends() == 0, run.log


@together
def test_time_in_which_everything_stood_still_before_there_was_a_task_is_not_counted_either(home: Path) -> None:
    with Project(work="0.5 0 10") as project:
        project.faults.master_500 = FOR_EVER
        with Run(project, home, patience=25) as run:
            run.says("waiting for the project")
            with standing_still(run, 35):
                project.faults.master_500 = 0
            assert run.ends() == 0, run.log


@contextmanager
def standing_still(run: Run, seconds: float) -> Iterator[None]:
    """Stop all that runs, for longer than its patience."""
    members = run.members()
    for pid in members:
        os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    yield
    for pid in members:
        os.kill(pid, signal.SIGCONT)


@together
def test_a_task_that_is_kept_goes_on_where_it_was_and_is_done_once(home: Path) -> None:
    with Project(tasks=2, work="12 0 10") as project:
        with Run(project, home, environment=keeping(home)) as run:
            run.says("Starting task")
            time.sleep(3)
            assert run.stop() < GRACE_S
            assert run.members() == []
            assert run.wait() == 143
            assert run.last_line == "Stopped; the task is kept and goes on next time."
        assert project.books.tasks[0].exit_statuses == []
        (kept,) = (home / "kept").iterdir()
        assert kept.stat().st_mode & 0o077 == 0
        with Run(project, home, environment=keeping(home)) as run:
            assert run.ends() == 0, run.log
            assert "going on with the task that was kept" in run.log
        assert "resumed at" in project.scheduler.last_request
        assert [task.state for task in project.books.tasks] == [DONE, UNSENT]
        assert project.books.work_requests == 1
        assert len(project.books.hosts) == 1
        assert list((home / "kept").iterdir()) == []


@together
def test_a_task_that_is_kept_before_its_upload_is_uploaded_and_no_other_fetched(home: Path) -> None:
    with Project(tasks=2, work="0.5 0 10") as project:
        project.faults.upload_later = FOR_EVER
        with Run(project, home, environment=keeping(home)) as run:
            run.says("Temporarily failed upload")
            assert run.stop(everybody=True) < GRACE_S
            assert run.wait() == 143
        project.faults.upload_later = 0
        with Run(project, home, environment=keeping(home)) as run:
            assert run.ends() == 0, run.log
        assert [task.state for task in project.books.tasks] == [DONE, UNSENT]
        assert project.books.work_requests == 1


@together
def test_a_task_that_is_kept_before_it_was_downloaded_is_done_and_no_other_fetched(home: Path) -> None:
    with Project(tasks=2, work="0.5 0 10") as project:
        project.faults.download_later = FOR_EVER
        with Run(project, home, environment=keeping(home)) as run:
            run.says("Temporarily failed download")
            assert run.stop(everybody=True) < GRACE_S
            assert run.wait() == 143
        project.faults.download_later = 0
        with Run(project, home, environment=keeping(home)) as run:
            assert run.ends() == 0, run.log
        assert [task.state for task in project.books.tasks] == [DONE, UNSENT]
        assert project.books.work_requests == 1


@together
def test_a_task_that_may_be_kept_is_given_back_all_the_same_when_its_time_is_over(home: Path) -> None:
    with Project(work="600 0 10") as project:
        with Run(project, home, environment=keeping(home), task_timeout=4) as run:
            assert run.ends() == 124, run.log
        assert project.books.tasks[0].exit_statuses == [203]
        assert list((home / "kept").iterdir()) == []


@together
def test_a_client_that_is_killed_is_started_again_and_the_task_goes_on(home: Path) -> None:
    with Project(tasks=2, work="8 0 10") as project, Run(project, home) as run:
        run.says("Starting task")
        os.kill(run.member("boinc --dir"), signal.SIGKILL)
        assert run.ends() == 0, run.log
        assert "the BOINC client was killed by signal 9; starting it again" in run.log
        assert [task.state for task in project.books.tasks] == [DONE, UNSENT]
        assert project.books.work_requests == 1


@together
def test_a_client_that_is_killed_again_and_again_ends_the_run(home: Path) -> None:
    with Project(work="600 0 10") as project, Run(project, home) as run:
        for number in range(3):
            if number:
                run.says("starting it again")
            _kill_next_client(run)
        assert run.ends() == 70, run.log
        assert run.last_line.startswith("The BOINC client was killed by signal 9")


def _kill_next_client(run: Run) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        clients = [pid for pid in run.members() if "boinc --dir" in command_line(pid)]
        if clients:
            os.kill(clients[0], signal.SIGKILL)
            while clients[0] in run.members():
                time.sleep(0.02)
            return
        time.sleep(0.05)
    raise AssertionError(run.log)


@together
def test_the_key_is_in_no_command_line_and_in_no_environment_of_the_client(home: Path) -> None:
    with Project(work="4 0 10") as project, Run(project, home) as run:
        run.says("Starting task")
        others = [pid for pid in run.members() if pid != run.process.pid]
        assert len(others) >= 2
        for pid in run.members():
            assert run.key not in command_line(pid)
        for pid in others:
            assert run.key.encode() not in Path(f"/proc/{pid}/environ").read_bytes()
        told = run.progress()
        assert told is not None
        assert run.key not in told.text
        (directory,) = (home / "boinc").iterdir()
        assert directory.stat().st_mode & 0o077 == 0
        assert run.ends() == 0


@contextmanager
def small_disk(place: Path, size: str) -> Iterator[None]:
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


@together
def test_a_disk_that_is_full_from_the_start_is_named(home: Path) -> None:
    with Project() as project, small_disk(home / "boinc", "4k"), Run(project, home) as run:
        assert run.ends() == 70, run.log
        assert run.last_line == "The task cannot be run here: the disk is full."


@together
def test_a_disk_that_fills_up_under_the_client_is_named(home: Path) -> None:
    with Project() as project, small_disk(home / "boinc", "48k"), Run(project, home) as run:
        assert run.ends() == 70, run.log
        assert "could not write its state; the disk may be full" in run.last_line


@together
def test_a_task_goes_on_when_its_execution_had_to_make_room_and_is_given_back_when_it_is_stopped(home: Path) -> None:
    with Project(tasks=2, work="12 0 10") as project:
        with Run(project, home, keep=True) as run:
            run.says("Starting task")
            run.make_room()
            assert run.stop(everybody=True) < GRACE_S
            assert run.wait() == 143
            assert run.last_line == "Stopped; the task is kept and goes on next time."
        with Run(project, home, keep=True) as run:
            run.says("the task is wu_1_0", times=2)
            assert run.stop(everybody=True) < GRACE_S
            assert run.ends() == 143, run.log
            assert run.last_line == f"Stopped; {project.url} knows that task wu_1_0 does not come back."
        assert project.books.tasks[0].exit_statuses == [199]
        assert project.books.work_requests == 1
        assert not (home / ".boinc").exists()


@together
def test_a_task_that_made_room_twice_is_done_once_by_the_same_host(home: Path) -> None:
    with Project(tasks=2, work="12 0 10") as project:
        for times in (1, 2):
            with Run(project, home, keep=True) as run:
                run.says("the task is wu_1_0", times=times)
                run.make_room()
                assert run.stop() < GRACE_S
                assert run.wait() == 143
        with Run(project, home, keep=True) as run:
            assert run.ends() == 0, run.log
        assert [task.state for task in project.books.tasks] == [DONE, UNSENT]
        assert (project.books.work_requests, len(project.books.hosts)) == (1, 1)
        assert not (home / ".boinc").exists()


@together
def test_who_is_to_make_room_before_there_is_a_client_keeps_nothing(home: Path) -> None:
    with Run("http://127.0.0.1:9/closed/", home, keep=True) as run:
        run.says("waiting for the project")
        with pytest.raises(OSError, match="503"):
            run.make_room()
        assert run.stop() < GRACE_S
        assert run.ends() == 143, run.log
        assert not (home / ".boinc").exists()
