"""One task with the real BOINC client, against a project of our own that can be made to fail in every way."""

import shutil
import time
from pathlib import Path

import pytest

from tests.plugins.boinc_project import Project
from tests.plugins.boinc_project.books import DONE, SENT, UNSENT
from tests.plugins.boinc_project.faults import FOR_EVER
from tests.plugins.boinc_project.running import Run
from tests.plugins.boinc_project.together import together

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.xdist_group("boinc"),
    pytest.mark.skipif(not shutil.which("boinc"), reason="there is no BOINC client (apt-get install boinc-client)"),
]


@together
def test_one_task_is_done_and_acknowledged_and_no_other_is_touched(home: Path) -> None:
    with Project(tasks=3) as project, Run(project, home) as run:
        assert run.ends() == 0, run.log
        assert run.last_line == f"Task wu_1_0 is done; {project.url} has acknowledged it."
        assert [task.state for task in project.books.tasks] == [DONE, UNSENT, UNSENT]
        assert project.books.tasks[0].output == b"2         \n"
        assert project.books.work_requests == 1


@together
def test_of_several_tasks_one_is_done_and_the_others_go_back_at_once(home: Path) -> None:
    with Project(tasks=9, work="3 0 10") as project:
        project.faults.per_request = 8
        with Run(project, home) as run:
            assert run.ends() == 0, run.log
        assert len(project.books.in_state(DONE)) == 1
        given_back = [task for task in project.books.tasks if task.exit_statuses == [203]]
        assert len(given_back) == 7


@together
def test_clients_beside_each_other_are_hosts_of_their_own_and_share_no_task(home: Path) -> None:
    runs = []
    with Project(tasks=5, work="3 0 10") as project:
        for number in range(5):
            (home / str(number)).mkdir()
            runs.append(Run(project, home / str(number)).__enter__())
        assert [run.ends() for run in runs] == [0] * 5
        assert all(task.state == DONE and len(task.sent_to) == 1 for task in project.books.tasks)
        assert sorted(task.sent_to[0] for task in project.books.tasks) == [1, 2, 3, 4, 5]


@together
def test_the_fraction_done_is_told(home: Path) -> None:
    with Project(work="8 0 10") as project, Run(project, home) as run:
        run.says("Starting task")
        seen = []
        while run.process.poll() is None:
            told = run.progress()
            if told is not None and told.fraction is not None and told.text == "computing task wu_1_0":
                seen.append(told.fraction)
            time.sleep(0.3)
        assert len(set(seen)) > 3
        assert seen == sorted(seen)
        assert 0 < seen[-1] <= 1
        assert run.ends() == 0


@together
def test_the_client_counts_the_cores_and_the_memory_that_are_reserved(home: Path) -> None:
    with Project() as project, Run(project, home, cores=5, memory=2 << 30) as run:
        assert run.ends() == 0
        assert "simulate 5 CPUs" in run.log
        (line,) = [line for line in run.log.splitlines() if "max memory usage when active" in line]
        assert float(line.split()[-2]) == pytest.approx(2048 - 64, rel=0.01)


@together
def test_a_project_without_work_is_asked_until_the_patience_is_over(home: Path) -> None:
    with Project() as project:
        project.faults.no_work = FOR_EVER
        with Run(project, home, patience=40) as run:
            assert run.ends() == 75, run.log
            assert run.last_line.endswith("has no task for this machine; it says: Project has no tasks available.")
        assert project.books.work_requests > 1


@together
def test_a_wait_that_the_project_wants_and_that_is_too_long_ends_at_once(home: Path) -> None:
    with Project() as project:
        project.faults.no_work, project.faults.no_work_delay = FOR_EVER, 3600
        with Run(project, home, patience=600) as run:
            assert run.ends() == 75, run.log
        assert project.books.work_requests == 1


@together
def test_work_that_comes_within_the_patience_is_done_by_the_same_host(home: Path) -> None:
    with Project(tasks=2) as project:
        project.faults.no_work = 2
        with Run(project, home) as run:
            assert run.ends() == 0, run.log
        assert project.books.work_requests == 3
        assert [task.state for task in project.books.tasks] == [DONE, UNSENT]
        assert "<hostid>1</hostid>" in project.scheduler.last_request
        assert len(project.books.hosts) == 1


@together
def test_a_project_closed_for_maintenance_counts_as_unreachable(home: Path) -> None:
    with Project() as project:
        project.faults.maintenance = FOR_EVER
        with Run(project, home, patience=30) as run:
            assert run.ends() == 69, run.log
            assert "is closed for the time being" in run.last_line
            assert "temporarily shut down" in run.last_line


@together
def test_a_page_that_fails_for_a_while_is_waited_for(home: Path) -> None:
    with Project() as project:
        project.faults.master_500 = 2
        with Run(project, home) as run:
            assert run.ends() == 0, run.log
            assert "waiting for the project: it answers HTTP 500" in run.log


@together
def test_a_scheduler_that_always_fails_makes_the_project_unreachable(home: Path) -> None:
    with Project() as project:
        project.faults.scheduler_500 = FOR_EVER
        with Run(project, home, patience=30) as run:
            assert run.ends() == 69, run.log
            assert "cannot be reached: Scheduler request failed" in run.last_line


@together
def test_a_scheduler_that_fails_for_a_while_is_asked_again(home: Path) -> None:
    with Project() as project:
        project.faults.scheduler_500 = 2
        with Run(project, home) as run:
            assert run.ends() == 0, run.log


@together
def test_a_refused_key_is_said_so_and_never_printed_even_if_the_project_does(home: Path) -> None:
    with Project() as project:
        project.faults.echo_key = True
        with Run(project, home, key="99_ffffffffffffffffffffffffffffffff") as run:
            assert run.ends() == 77, run.log
            assert "refused the account key" in run.last_line
            assert "The key was ***" in run.last_line
            assert "f" * 20 not in run.log


@together
def test_a_project_that_wants_its_terms_accepted_says_so(home: Path) -> None:
    with Project() as project:
        project.faults.terms = True
        with Run(project, home) as run:
            assert run.ends() == 77, run.log
            assert run.last_line.startswith(f"Accept the terms of {project.url} on its page first")


@together
def test_a_task_whose_program_fails_is_reported_and_fails_the_run(home: Path) -> None:
    with Project(tasks=2, work="0.5 3 10") as project, Run(project, home) as run:
        assert run.ends() == 1, run.log
        assert run.last_line.startswith("Task wu_1_0 failed: its program ended with exit code 3.")
        assert project.books.tasks[0].exit_statuses == [3]
        assert project.books.tasks[1].state == UNSENT


@together
def test_a_program_with_a_bad_signature_is_never_run(home: Path) -> None:
    with Project() as project:
        project.faults.bad_signature = True
        with Run(project, home) as run:
            assert run.ends() == 1, run.log
            assert "Starting task" not in run.log
            assert "ignature" in run.last_line, run.log
        assert len(project.books.tasks[0].exit_statuses) == 1


@together
def test_a_missing_input_fails_the_task(home: Path) -> None:
    with Project() as project:
        project.faults.missing_input = True
        with Run(project, home) as run:
            assert run.ends() == 1, run.log
            assert "Giving up on download of wu_1_in" in run.last_line
        assert project.books.tasks[0].exit_statuses == [-186]


@together
def test_an_upload_that_fails_for_now_is_made_again(home: Path) -> None:
    with Project() as project:
        project.faults.upload_later = 2
        with Run(project, home) as run:
            assert run.ends() == 0, run.log
        assert project.books.tasks[0].state == DONE


@together
def test_an_upload_that_fails_for_now_for_ever_ends_with_the_patience(home: Path) -> None:
    with Project() as project:
        project.faults.upload_later = FOR_EVER
        with Run(project, home, patience=30) as run:
            assert run.ends() == 69, run.log
            assert "it got no further than uploading" in run.last_line
        assert len(project.books.tasks[0].exit_statuses) == 1, run.log


@together
def test_an_upload_that_is_refused_for_good_fails_the_task(home: Path) -> None:
    with Project() as project:
        project.faults.upload_never = True
        with Run(project, home) as run:
            assert run.ends() == 1, run.log
            assert "Giving up on upload of wu_1_0_r0" in run.last_line


@together
def test_a_task_that_takes_too_long_is_given_back(home: Path) -> None:
    with Project(work="600 0 10") as project, Run(project, home, task_timeout=6) as run:
        assert run.ends() == 124, run.log
        assert run.last_line == "Task wu_1_0 was given back: it was not done after 6 s."
        assert project.books.tasks[0].exit_statuses == [203]
        assert project.books.tasks[0].state != SENT
