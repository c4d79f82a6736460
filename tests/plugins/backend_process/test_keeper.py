"""What is known of services survives Zoe, and the keeper."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend_process.backend import ProcessBackend
from backend_process.keeper import proc
from tests.plugins.backend_process.kit import MakeBackend, Start, is_running, starter, wait_for_end, words_of
from zoe.plugin import ServiceReport, ServiceState
from zoe.testing.changes import Changes, watched

FOR_EVER = "echo $$; exec sleep 1000"


def kill_keeper(backend: ProcessBackend) -> None:
    keeper = backend.keeper_pid()
    os.kill(keeper, signal.SIGKILL)
    wait_for_end(keeper)


@pytest.fixture
def innocent() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "1000"], start_new_session=True) as process:
        yield process
        process.kill()


def pid_of(backend: ProcessBackend, report: ServiceReport) -> int:
    return int(words_of(backend, report)[0])


def only(backend: ProcessBackend) -> ServiceReport:
    (report,) = backend.services()
    return report


def forge(data_dir: Path, **facts: object) -> None:
    path = data_dir / "process/services/1/record"
    last = json.loads(path.read_text().splitlines()[-1])
    path.write_text(json.dumps({**last, **facts}))


def test_the_exit_code_is_known_even_if_nobody_was_connected_when_it_ended(
    make_backend: MakeBackend, tmp_path: Path, signal_pipe: Path
) -> None:
    first = make_backend()
    report = starter(first, tmp_path)(1, f"echo $$; read word < {signal_pipe}; exit 7")
    pid, keeper = pid_of(first, report), first.keeper_pid()
    first.close()
    signal_pipe.write_text("go\n")
    wait_for_end(pid)
    wait_for_end(keeper)  # nothing is left for it to do
    found = only(make_backend())
    assert (found.state, found.exit_code, found.handle) == (ServiceState.DEAD, 7, report.handle)
    assert found.at is not None


def test_a_service_survives_the_kill_of_its_keeper_and_is_found_again(
    backend: ProcessBackend, changes: Changes, start: Start
) -> None:
    report = start(1, FOR_EVER)
    pid = pid_of(backend, report)
    kill_keeper(backend)
    assert only(backend).state == ServiceState.STARTED
    assert start(1, FOR_EVER) == only(backend)
    assert set(backend.usage([report.handle])) == {report.handle}
    backend.stop(report.handle, 10)
    assert not is_running(pid)
    dead = changes.wait_for(1)
    assert (dead.state, dead.exit_code) == (ServiceState.DEAD, None)
    assert "was lost" in (dead.reason or "")


def test_what_it_prints_while_no_keeper_is_there_is_not_lost(
    backend: ProcessBackend, start: Start, signal_pipe: Path
) -> None:
    report = start(1, f"echo $$; read word < {signal_pipe}; echo meanwhile; echo $word; exec sleep 1000")
    pid_of(backend, report)
    kill_keeper(backend)
    signal_pipe.write_text("printed\n")
    assert words_of(backend, report, lines=3)[1:] == ["meanwhile", "printed"]


def test_a_death_while_no_keeper_was_there_is_reported_with_its_reason(
    backend: ProcessBackend, changes: Changes, start: Start
) -> None:
    report = start(1, FOR_EVER)
    pid = pid_of(backend, report)
    os.kill(backend.keeper_pid(), signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    dead = changes.wait_for(1)
    assert (dead.state, dead.exit_code) == (ServiceState.DEAD, None)
    assert "was lost" in (dead.reason or "")


def test_what_fled_from_a_service_of_a_lost_keeper_is_ended_too(backend: ProcessBackend, start: Start) -> None:
    report = start(1, "setsid sh -c 'echo $$; trap \"\" TERM; while :; do sleep 1; done' & exec sleep 1000")
    fled = pid_of(backend, report)
    kill_keeper(backend)
    backend.stop(report.handle, 0.05)
    assert not is_running(fled)


def test_the_watch_goes_on_with_the_next_keeper(backend: ProcessBackend, changes: Changes, start: Start) -> None:
    kill_keeper(backend)
    start(1, "exit 6")
    assert changes.wait_for(1).exit_code == 6


def test_a_process_that_only_has_the_same_number_is_left_alone(
    backend: ProcessBackend, start: Start, data_dir: Path, innocent: subprocess.Popen[bytes]
) -> None:
    report = start(1, FOR_EVER)
    pid = pid_of(backend, report)
    kill_keeper(backend)
    os.kill(pid, signal.SIGKILL)
    wait_for_end(pid)
    began = proc.stat(innocent.pid)
    assert began is not None
    forge(data_dir, pid=innocent.pid, start_ticks=began.start - 1)
    found = only(backend)
    assert (found.state, found.exit_code) == (ServiceState.DEAD, None)
    backend.stop(report.handle, 0)
    backend.remove(report.handle)
    assert innocent.poll() is None


def test_a_restart_of_the_machine_ends_what_ran(backend: ProcessBackend, start: Start, data_dir: Path) -> None:
    pid = pid_of(backend, start(1, FOR_EVER))
    kill_keeper(backend)
    forge(data_dir, boot_id="another")
    found = only(backend)
    assert (found.state, found.reason) == (ServiceState.DEAD, "the machine was restarted")
    os.kill(pid, signal.SIGKILL)


def test_a_start_that_a_lost_keeper_did_not_write_down_is_found_again(
    backend: ProcessBackend, start: Start, data_dir: Path
) -> None:
    pid = pid_of(backend, start(1, FOR_EVER))
    kill_keeper(backend)
    forge(data_dir, state="created", pid=None, start_ticks=None, boot_id=None)
    assert only(backend).state == ServiceState.STARTED
    backend.stop(only(backend).handle, 10)
    assert not is_running(pid)


@pytest.mark.parametrize("record", ["", "{}", "[]", "half of a rec"])
def test_a_service_whose_record_cannot_be_read_is_forgotten(
    backend: ProcessBackend, data_dir: Path, record: str
) -> None:
    kill_keeper(backend)
    (data_dir / "process/services/1").mkdir()
    (data_dir / "process/services/1/record").write_text(record)
    assert not list(backend.services())
    assert not (data_dir / "process/services/1").exists()


def test_a_record_that_was_cut_short_gives_way_to_the_one_before(
    backend: ProcessBackend, start: Start, data_dir: Path
) -> None:
    report = start(1, FOR_EVER)
    kill_keeper(backend)
    with (data_dir / "process/services/1/record").open("a") as file:
        file.write('\n{"id": 1, "state": "de')
    assert only(backend) == report


def test_a_directory_has_one_keeper(make_backend: MakeBackend) -> None:
    with ThreadPoolExecutor(3) as pool:
        backends = list(pool.map(lambda _: make_backend(), range(3)))
    assert len({backend.keeper_pid() for backend in backends}) == 1


def test_many_first_services_of_a_user_may_start_at_once(backend: ProcessBackend, start: Start) -> None:
    with ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(lambda number: start(number, FOR_EVER), range(8)))
    assert {report.state for report in reports} == {ServiceState.STARTED}
    assert len(list(backend.services())) == 8


def test_a_path_longer_than_a_socket_may_have_is_no_trouble(tmp_path: Path, make_backend: MakeBackend) -> None:
    deep = tmp_path / ("a" * 100) / ("b" * 100)
    deep.parent.mkdir(parents=True)
    (tmp_path / "zoe").symlink_to(deep, target_is_directory=True)
    deep.mkdir()
    backend = make_backend()
    report = starter(backend, tmp_path)(1, FOR_EVER)
    assert report.state == ServiceState.STARTED


def test_a_watch_that_is_stopped_ends_with_its_backend(make_backend: MakeBackend, tmp_path: Path) -> None:
    first = make_backend()
    changes = watched(first)
    first.close()
    second = make_backend()
    heard = watched(second)
    starter(second, tmp_path)(1, "exit 0")
    heard.wait_for(1)
    assert not changes.reports


def test_records_and_logs_are_for_nobody_else(backend: ProcessBackend, start: Start, data_dir: Path) -> None:
    start(1, "echo secret; exec sleep 1000", environment={"PASSWORD": "hunter2"})
    directory = data_dir / "process/services/1"
    assert "hunter2" not in (directory / "record").read_text()
    modes = {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}
    assert {modes[name] for name in ("record", "log", "output")} == {0o600}
    assert {modes[name] for name in ("work", "tmp")} == {0o700}
