"""An engine beside the first: its disk fills up, or it goes away, and the other one goes on."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from backend_docker.backend import DockerBackend
from backend_docker.settings import DockerSettings, EngineSettings
from tests.engines.daemon import Daemon
from tests.engines.second import second_engine
from zoe.errors import BackendBusyError, BackendUnavailableError
from zoe.plugin import Deployment, ServiceReport, ServiceState
from zoe.testing.service_spec import service_spec

pytestmark = [
    pytest.mark.engine,
    pytest.mark.xdist_group("docker"),
    # The library docker leaves a socket open where an engine does not answer.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

Start = Callable[[str], ServiceReport]
_numbers = itertools.count(40_000)


@pytest.fixture(scope="module")
def small_engine() -> Iterator[Daemon]:
    with second_engine() as daemon:
        yield daemon


@pytest.fixture
def backend(docker_engine: Daemon, small_engine: Daemon, tmp_path: Path) -> Iterator[DockerBackend]:
    urls = {"large": docker_engine.url, "small": small_engine.url}
    engines = [EngineSettings(name=name, url=url) for name, url in urls.items()]
    backend = DockerBackend(DockerSettings(engines=engines, patience=0.0), Deployment("disk", tmp_path.name, tmp_path))
    backend.open()
    yield backend
    for report in backend.services():
        backend.stop(report.handle, 0)
        backend.remove(report.handle)
    backend.close()


@pytest.fixture
def start(backend: DockerBackend, tmp_path: Path) -> Start:
    def start(node: str) -> ServiceReport:
        spec = service_spec(backend, tmp_path / "workspace", next(_numbers), "echo hello; exec sleep 1000")
        return backend.start(spec, node)

    return start


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def fill(ballast: Path) -> None:
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(b"x" * 4096):
            pass


def test_while_the_disk_of_an_engine_is_full_starts_wait_in_words_and_succeed_afterwards(
    backend: DockerBackend, start: Start, small_engine: Daemon
) -> None:
    before = start("small")
    ballast = small_engine.data / "ballast"
    try:
        fill(ballast)
        with pytest.raises((BackendBusyError, BackendUnavailableError), match="no space left on device"):
            start("small")
        assert start("large").state == ServiceState.STARTED
    finally:
        ballast.unlink()
    assert start("small").state == ServiceState.STARTED
    assert before.handle in {report.handle for report in backend.services() if report.state == ServiceState.STARTED}


def test_an_engine_that_is_gone_takes_nothing_of_the_others_with_it(
    backend: DockerBackend, start: Start, small_engine: Daemon
) -> None:
    here, there = start("large"), start("small")
    assert {report.handle for report in backend.services()} == {here.handle, there.handle}
    assert set(backend.usage([here.handle, there.handle])) == {here.handle, there.handle}
    small_engine.stop()
    try:
        until(lambda: [node.name for node in backend.nodes() if node.online] == ["large"])
        assert start("large").state == ServiceState.STARTED
        assert there.handle not in {report.handle for report in backend.services()}
        assert backend.usage([here.handle, there.handle]).keys() == {here.handle}
        with pytest.raises(BackendUnavailableError, match="the engine small does not answer"):
            start("small")
    finally:
        small_engine.start()
        until(lambda: all(node.online for node in backend.nodes()))
