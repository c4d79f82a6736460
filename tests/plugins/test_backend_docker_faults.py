"""What becomes of services when their engine goes away and comes back."""

import gc
import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from backend_docker.backend import DockerBackend
from backend_docker.logs import Followed
from backend_docker.settings import DockerSettings, EngineSettings
from tests.engines.daemon import Daemon
from zoe.errors import BackendUnavailableError
from zoe.plugin import Deployment, ServiceReport, ServiceSpec, ServiceState
from zoe.testing.changes import ENDED, Changes, watched
from zoe.testing.service_spec import service_spec

pytestmark = [
    pytest.mark.engine,
    pytest.mark.xdist_group("docker"),
    # The library docker leaves a socket open where an engine does not answer; see `gc.collect` below.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

FOR_EVER = "sleep 1000"
_numbers = itertools.count(5000)


@pytest.fixture
def make_backend(docker_engine: Daemon, tmp_path: Path) -> Iterator[Callable[..., DockerBackend]]:
    made: list[DockerBackend] = []

    def make(**settings: object) -> DockerBackend:
        engine = EngineSettings(name="node1", url=docker_engine.url)
        found = DockerSettings.model_validate({"engines": [engine], **settings})
        made.append(DockerBackend(found, Deployment("faults", tmp_path.name, tmp_path)))
        made[-1].open()
        return made[-1]

    yield make
    if not docker_engine.answers():
        docker_engine.start()
    until(lambda: all(node.online for backend in made for node in backend.nodes()))
    for backend in made:
        for report in backend.services():
            backend.stop(report.handle, 0)
            backend.remove(report.handle)
        backend.close()
    gc.collect()


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def described(backend: DockerBackend, tmp_path: Path) -> ServiceSpec:
    return service_spec(backend, tmp_path / "workspace", next(_numbers), FOR_EVER)


def online(backend: DockerBackend) -> bool:
    return backend.nodes()[0].online


def judged(backend: DockerBackend, changes: Changes, started: ServiceReport) -> bool:
    """Tell whether a service runs, or was reported as ended."""
    now = {report.handle: report.state for report in backend.services()}
    told = {report.handle for report in list(changes.reports) if report.state in ENDED}
    return now[started.handle] == ServiceState.STARTED or started.handle in told


def test_while_its_engine_is_away_a_service_counts_as_running_and_is_judged_afterwards(
    docker_engine: Daemon, make_backend: Callable[..., DockerBackend], tmp_path: Path
) -> None:
    backend = make_backend()
    changes = watched(backend)
    started = [backend.start(described(backend, tmp_path), "node1") for _ in range(3)]
    docker_engine.kill()
    until(lambda: not online(backend))
    assert {report.state for report in backend.services()} == {ServiceState.STARTED}
    assert not changes.reports
    with pytest.raises(BackendUnavailableError, match="the engine node1 does not answer"):
        backend.start(described(backend, tmp_path), "node1")
    docker_engine.start()
    until(lambda: online(backend))
    until(lambda: all(judged(backend, changes, report) for report in started))
    assert backend.start(described(backend, tmp_path), "node1").state == ServiceState.STARTED


def test_starts_that_an_engines_crash_interrupted_succeed_afterwards_and_none_is_doubled(
    docker_engine: Daemon, make_backend: Callable[..., DockerBackend], tmp_path: Path
) -> None:
    backend = make_backend()
    specs = [described(backend, tmp_path) for _ in range(10)]

    def attempt(spec: ServiceSpec) -> ServiceReport | None:
        try:
            return backend.start(spec, "node1")
        except BackendUnavailableError:
            return None

    with ThreadPoolExecutor(8) as pool:
        attempts = [pool.submit(attempt, spec) for spec in specs]
        until(lambda: any(one.done() for one in attempts))
        docker_engine.kill()
        interrupted = [spec for spec, one in zip(specs, attempts, strict=True) if one.result() is None]
    assert interrupted
    docker_engine.start()
    until(lambda: online(backend))
    for spec in interrupted:
        assert backend.start(spec, "node1").who == spec.who
    found = [report.who.id for report in backend.services()]
    assert sorted(found) == [spec.who.id for spec in specs]


def test_after_the_configured_patience_the_services_of_a_silent_engine_are_given_up(
    docker_engine: Daemon, make_backend: Callable[..., DockerBackend], tmp_path: Path
) -> None:
    backend = make_backend(patience=0.2)
    backend.start(described(backend, tmp_path), "node1")
    docker_engine.kill()
    until(lambda: not online(backend))
    until(lambda: not list(backend.services()))


def test_another_zoe_finds_what_the_killed_one_left_and_removes_empty_networks(
    docker_engine: Daemon, make_backend: Callable[..., DockerBackend], tmp_path: Path
) -> None:
    first = make_backend()
    report = first.start(described(first, tmp_path), "node1")
    with docker_engine.client() as client:
        ours = {"label": f"zoe_deployment_id={first.deployment.id}"}
        for container in client.containers(all=True, filters=ours):
            client.remove_container(container["Id"], force=True)
        assert client.networks(filters=ours)
        second = make_backend()
        assert not list(second.services())
        assert not client.networks(filters=ours)
    first.remove(report.handle)


def test_an_environment_that_no_program_can_take_ends_its_service_alone_and_its_log_says_why(
    make_backend: Callable[..., DockerBackend], tmp_path: Path
) -> None:
    backend = make_backend()
    changes = watched(backend)
    good, bad = described(backend, tmp_path), described(backend, tmp_path)
    backend.start(good, "node1")
    report = backend.start(replace(bad, environment={"HUGE": "x" * 200_000}), "node1")
    if report.state == ServiceState.STARTED:
        report = changes.wait_for(bad.who.id)
    assert report.exit_code not in {0, None}
    assert b"rgument list too long" in b"".join(backend.logs(report.handle, follow=False))
    assert ServiceState.STARTED in {found.state for found in backend.services()}


class Stream(list[tuple[int, bytes]]):
    """Frames as an engine sends them."""

    def close(self) -> None:
        """Nothing to close."""


def test_what_an_engine_fails_to_pass_on_at_the_end_of_a_log_is_read_again() -> None:
    def frame(stream: int, nano: int, text: str) -> tuple[int, bytes]:
        return stream, f"2026-01-31T23:59:59.{nano:09}Z {text}".encode()

    whole = [frame(1, 1, "a\n"), frame(2, 2, "w\n"), frame(1, 3, "b\n"), frame(1, 3, "c\n"), frame(2, 9, "x\n")]
    asked: list[int] = []

    def since(seconds: int) -> Stream:
        asked.append(seconds)
        return Stream(whole)

    for passed_on in range(len(whole) + 1):
        assert list(Followed(Stream(whole[:passed_on]), since)) == whole
    assert asked[-1] == 1769903999
    closed = Followed(Stream(whole[:1]), since)
    closed.close()
    assert list(closed) == whole[:1]


def test_a_network_that_an_engine_would_not_let_go_is_removed_at_a_later_look(
    docker_engine: Daemon, make_backend: Callable[..., DockerBackend], tmp_path: Path
) -> None:
    backend = make_backend()
    ours = {"label": f"zoe_deployment_id={backend.deployment.id}"}
    started = backend.start(described(backend, tmp_path), "node1")
    with docker_engine.client() as client:
        [network] = client.networks(filters=ours)
        foreign = client.create_container("busybox:latest", ["sleep", "1000"])
        client.connect_container_to_network(foreign, network["Id"])
        client.start(foreign)
        try:
            backend.remove(started.handle)
            assert client.networks(filters=ours)
        finally:
            client.remove_container(foreign, force=True)
        assert not list(backend.services())
        assert not client.networks(filters=ours)
