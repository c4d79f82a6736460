"""What cannot run is refused, in words that say why."""

from pathlib import Path

import pytest

from backend_process.backend import ProcessBackend
from tests.plugins.backend_process.kit import Start, starter
from zoe.errors import BackendRefusedError
from zoe.plugin import ServiceSpec, ServiceState, VolumeSpec
from zoe.testing.service_spec import service_spec


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return tmp_path / "program"


def test_a_missing_command_is_refused_with_the_places_looked_in(start: Start) -> None:
    with pytest.raises(BackendRefusedError, match=r"the command 'no-such' was not found on this machine.*/usr/bin"):
        start(1, ("no-such", "argument"))


def test_a_missing_path_is_refused(start: Start) -> None:
    with pytest.raises(BackendRefusedError, match="the command '/no/such' does not exist on this machine"):
        start(1, ("/no/such",))


def test_a_file_that_is_not_executable_is_refused(start: Start, program: Path) -> None:
    program.write_text("#!/bin/sh\n")
    with pytest.raises(BackendRefusedError, match="may not be executed: Permission denied"):
        start(1, (str(program),))


def test_a_script_without_its_interpreter_is_refused(start: Start, program: Path) -> None:
    program.write_text("#!/no/such/interpreter\n")
    program.chmod(0o755)
    with pytest.raises(BackendRefusedError, match="needs an interpreter"):
        start(1, (str(program),))


def test_a_file_that_is_no_program_is_refused(start: Start, program: Path) -> None:
    program.write_bytes(b"\x00\x01\x02")
    program.chmod(0o755)
    with pytest.raises(BackendRefusedError, match="is no program"):
        start(1, (str(program),))


def test_a_working_directory_that_does_not_exist_is_refused(start: Start) -> None:
    with pytest.raises(BackendRefusedError, match="the working directory '/no/such' cannot be used"):
        start(1, "true", work_dir="/no/such")


def test_a_service_without_command_is_refused(start: Start) -> None:
    with pytest.raises(BackendRefusedError, match="give it a command"):
        start(1, None)


def test_a_volume_at_another_place_is_refused(start: Start) -> None:
    with pytest.raises(BackendRefusedError, match="/mnt/shared cannot be mounted"):
        start(1, "true", volumes=(VolumeSpec(Path("/srv/shared"), "/mnt/shared"),))


@pytest.mark.parametrize("command", [("echo", "a\0b"), ()])
def test_words_that_no_process_can_have_are_refused(start: Start, command: tuple[str, ...]) -> None:
    with pytest.raises(BackendRefusedError):
        start(1, command)


def test_words_that_are_too_long_are_refused(start: Start) -> None:
    with pytest.raises(BackendRefusedError, match="longer than this machine allows"):
        start(1, ("echo", "x" * 3_000_000))


def test_another_node_is_refused(backend: ProcessBackend, start: Start) -> None:
    report = start(1, "sleep 1000")
    with pytest.raises(BackendRefusedError, match="there is no node 'elsewhere'"):
        backend.start(_any_spec(backend), "elsewhere")
    assert [found.handle for found in backend.services()] == [report.handle]


def test_a_refused_start_leaves_nothing_behind_and_may_be_repeated(
    backend: ProcessBackend, start: Start, program: Path, data_dir: Path
) -> None:
    with pytest.raises(BackendRefusedError):
        start(1, (str(program),))
    assert not list(backend.services())
    assert not list((data_dir / "process/services").iterdir())
    program.write_text("#!/bin/sh\nexec sleep 1000\n")
    program.chmod(0o755)
    assert start(1, (str(program),)).state == ServiceState.STARTED


def test_a_workspace_that_cannot_be_made_is_refused(backend: ProcessBackend, program: Path) -> None:
    program.write_text("a file")
    with pytest.raises(BackendRefusedError, match=r"the workspace .* cannot be made"):
        starter(backend, program)(1, "true")


def _any_spec(backend: ProcessBackend) -> ServiceSpec:
    return service_spec(backend, Path("/tmp"), 2, "true")
