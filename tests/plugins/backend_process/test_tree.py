"""The whole tree of a service ends with it."""

import os
import signal
import threading
from pathlib import Path

import pytest

from backend_process.backend import ProcessBackend
from tests.plugins.backend_process.kit import Start, is_running, processes_of, wait_for_end, words_of
from zoe.plugin import ServiceState
from zoe.testing.changes import ENDED, Changes

STUBBORN = "trap '' TERM; echo $$; while :; do sleep 1000; done"


def own(pids: list[int]) -> list[int]:
    """Leave out the keeper, which has no service's environment."""
    return [pid for pid in pids if b"ZOE_SERVICE_KEY" in Path(f"/proc/{pid}/environ").read_bytes()]


@pytest.mark.parametrize(
    "escape",
    [
        "sleep 1000 & echo $!; wait",
        "setsid sleep 1000 & echo $!; wait",
        "sh -c 'setsid sleep 1000 & echo $!'; wait; sleep 1000",
        "setsid sh -c 'setsid sleep 1000 & echo $!; exit'; sleep 1000",
        "trap '' TERM; (trap '' TERM; setsid sleep 1000 & echo $!); while :; do sleep 1; done",
    ],
)
def test_stop_reaches_what_forked_and_fled(backend: ProcessBackend, start: Start, data_dir: Path, escape: str) -> None:
    report = start(1, escape)
    fled = int(words_of(backend, report)[0])
    assert is_running(fled)
    backend.stop(report.handle, 0.1)
    assert not is_running(fled)
    assert not own(processes_of(data_dir))


def test_what_a_service_leaves_behind_is_ended_when_it_ends(
    backend: ProcessBackend, changes: Changes, start: Start, data_dir: Path
) -> None:
    report = start(1, "setsid sleep 1000 & echo $!; exit 4")
    left = int(words_of(backend, report)[0])
    assert changes.wait_for(1).exit_code == 4
    wait_for_end(left)
    assert not own(processes_of(data_dir))


def test_what_fled_and_lost_its_mark_ends_with_the_last_service(backend: ProcessBackend, start: Start) -> None:
    report = start(1, "env -i setsid sleep 1000 & echo $!; exit 0")
    wait_for_end(int(words_of(backend, report)[0]))


def test_a_grandchild_that_holds_the_output_open_does_not_delay_the_death(
    backend: ProcessBackend, changes: Changes, start: Start
) -> None:
    report = start(1, "trap '' TERM; setsid sleep 1000 & echo $!; exit 3")
    assert changes.wait_for(1).exit_code == 3
    grandchild = int(words_of(backend, report)[0])
    assert is_running(grandchild)
    backend.stop(report.handle, 0)
    assert not is_running(grandchild)


def test_a_service_that_was_paused_obeys(backend: ProcessBackend, changes: Changes, start: Start) -> None:
    report = start(1, "echo $$; exec sleep 1000")
    pid = int(words_of(backend, report)[0])
    os.kill(pid, signal.SIGSTOP)
    backend.stop(report.handle, 1000)
    assert changes.wait_for(1).exit_code == 143


def test_a_service_that_forks_without_end_is_ended(backend: ProcessBackend, start: Start, data_dir: Path) -> None:
    report = start(1, "trap '' TERM; echo ready; while :; do (sleep 1000) & sleep 0.01; done")
    words_of(backend, report)
    backend.stop(report.handle, 0.05)
    assert not own(processes_of(data_dir))


def test_a_stop_that_waits_keeps_nobody_else_waiting_and_a_later_one_may_be_shorter(
    backend: ProcessBackend, changes: Changes, start: Start
) -> None:
    stubborn = start(1, STUBBORN)
    words_of(backend, stubborn)
    patient = threading.Thread(target=backend.stop, args=(stubborn.handle, 1000))
    patient.start()
    assert start(2, "exit 5").state == ServiceState.STARTED
    assert changes.wait_for(2).exit_code == 5
    backend.stop(stubborn.handle, 0)
    patient.join(20)
    assert not patient.is_alive()
    assert changes.wait_for(1, ENDED).exit_code == 137


def test_stop_and_remove_leave_no_directory(backend: ProcessBackend, start: Start, data_dir: Path) -> None:
    report = start(1, "mkdir -p a/b; touch a/b/c; chmod 0500 a/b; echo ready; sleep 1000")
    words_of(backend, report)
    backend.stop(report.handle, 5)
    backend.remove(report.handle)
    assert not list((data_dir / "process/services").iterdir())
    assert not list((data_dir / "process/trash").iterdir())
