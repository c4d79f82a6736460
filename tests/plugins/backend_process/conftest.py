import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend_process.backend import ProcessBackend
from backend_process.settings import ProcessSettings
from tests.plugins.backend_process.kit import MakeBackend, Start, processes_of, starter, wait_for_end
from zoe.plugin import Deployment
from zoe.testing.changes import Changes, watched


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "zoe"


@pytest.fixture
def make_backend(data_dir: Path) -> Iterator[MakeBackend]:
    """Make opened backends of one deployment; at the end nothing of them is left on the machine."""
    made: list[ProcessBackend] = []

    def make(**settings: object) -> ProcessBackend:
        given = ProcessSettings.model_validate({"run_as": "self", **settings})
        made.append(ProcessBackend(given, Deployment("test", "some-id", data_dir)))
        made[-1].open()
        return made[-1]

    yield make
    if made:
        _clean(made)
    assert not processes_of(data_dir)
    assert not (data_dir / "process/services").exists() or not list((data_dir / "process/services").iterdir())


def _clean(made: list[ProcessBackend]) -> None:
    last = made[-1]
    for report in list(last.services()):
        last.stop(report.handle, 0)
        last.remove(report.handle)
    keeper = last.keeper_pid()
    for backend in made:
        backend.close()
    wait_for_end(keeper)


@pytest.fixture
def backend(make_backend: MakeBackend) -> ProcessBackend:
    return make_backend()


@pytest.fixture
def changes(backend: ProcessBackend) -> Changes:
    return watched(backend)


@pytest.fixture
def start(backend: ProcessBackend, tmp_path: Path) -> Start:
    return starter(backend, tmp_path)


@pytest.fixture
def open_dir() -> Iterator[Path]:
    """A directory that every user can pass through, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="zoe-test-", dir="/tmp"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def signal_pipe(tmp_path: Path) -> Path:
    """A named pipe: a service that reads it waits until the test writes."""
    path = tmp_path / "signal"
    os.mkfifo(path)
    return path
