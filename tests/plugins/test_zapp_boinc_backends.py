"""The same ZApp as a process and in a container: started, asked and stopped by the real backend."""

import os
import select
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from backend_docker.backend import DockerBackend
from backend_docker.settings import DockerSettings, EngineSettings
from backend_process.backend import ProcessBackend
from backend_process.settings import ProcessSettings
from tests.engines.daemon import Daemon
from tests.plugins.boinc_project import Project
from tests.plugins.boinc_project.books import DONE
from tests.plugins.boinc_project.image import IMAGE, give_boinc
from tests.plugins.boinc_project.on_backend import OnBackend
from tests.plugins.boinc_project.together import together
from zoe.plugin import Backend, Deployment

pytestmark = [pytest.mark.engine, pytest.mark.slow]
with_client = pytest.mark.skipif(
    not shutil.which("boinc"), reason="there is no BOINC client (apt-get install boinc-client)"
)
GRACE_S = 10


@contextmanager
def processes() -> Iterator[tuple[ProcessBackend, Path]]:
    """Lend a backend and a workspace, in a directory that another user may reach, as pytest's own are not."""
    settings = ProcessSettings(run_as="auto" if os.geteuid() == 0 else "self")
    with tempfile.TemporaryDirectory() as directory:
        workspace = Path(directory)
        workspace.chmod(0o755)
        made = ProcessBackend(settings, Deployment("test", workspace.name, workspace / "zoe"))
        made.open()
        try:
            yield made, workspace
        finally:
            keeper = made.keeper_pid()
            clear(made)
            wait_for_end(keeper)


@pytest.fixture
def containers(docker_engine: Daemon, tmp_path: Path) -> Iterator[DockerBackend]:
    give_boinc(docker_engine)
    settings = DockerSettings(engines=[EngineSettings(name="node1", url=docker_engine.url)], pull="never")
    made = DockerBackend(settings, Deployment("science", tmp_path.name, tmp_path))
    made.open()
    yield made
    clear(made)


def clear(backend: Backend) -> None:
    for report in backend.services():
        backend.stop(report.handle, 0)
        backend.remove(report.handle)
    backend.close()


def wait_for_end(pid: int) -> None:
    with suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        assert select.select([descriptor], [], [], 20)[0]
        os.close(descriptor)


def own_address() -> str:
    """Return an address of this machine at which a container finds it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


def one_task_is_done(backend: Backend, project: Project, workspace: Path) -> None:
    service = OnBackend(backend, project, workspace, IMAGE)
    service.says("Starting task")
    told = [service.progress()]
    while told[-1] is None or not told[-1].fraction:
        told.append(service.progress())
        time.sleep(0.2)
    assert service.ends().exit_code == 0, service.says("no such words")
    log = service.says("no such words")
    assert log.endswith(f"Task wu_1_0 is done; {project.url} has acknowledged it.\n")
    assert project.key not in log
    assert project.books.tasks[0].state == DONE


def a_stop_gives_the_task_back(backend: Backend, project: Project, workspace: Path) -> None:
    service = OnBackend(backend, project, workspace, IMAGE)
    service.says("Starting task")
    backend.stop(service.report.handle, GRACE_S)
    assert service.ends().exit_code == 143  # it was not killed when the grace was over: that would be 137
    assert project.books.tasks[0].exit_statuses == [199]


@with_client
@pytest.mark.xdist_group("boinc")
@together
def test_a_process_of_the_owner_does_one_task(home: Path) -> None:
    with Project(work="4 0 10") as project, processes() as (backend, workspace):
        one_task_is_done(backend, project, workspace)
        files = [path for path in workspace.rglob("*") if path.is_file()]
        assert files
        assert not [path for path in files if project.key.encode() in path.read_bytes()]


@with_client
@pytest.mark.xdist_group("boinc")
@together
def test_a_process_that_is_stopped_gives_its_task_back(home: Path) -> None:
    with Project(work="600 0 10") as project, processes() as (backend, workspace):
        a_stop_gives_the_task_back(backend, project, workspace)


@pytest.mark.xdist_group("docker")
def test_a_container_does_one_task_as_a_user_whom_the_image_does_not_know(
    containers: DockerBackend, tmp_path: Path
) -> None:
    with Project(work="4 0 10", host=own_address()) as project:
        one_task_is_done(containers, project, tmp_path)


@pytest.mark.xdist_group("docker")
def test_a_container_that_is_stopped_gives_its_task_back(containers: DockerBackend, tmp_path: Path) -> None:
    with Project(work="600 0 10", host=own_address()) as project:
        a_stop_gives_the_task_back(containers, project, tmp_path)
