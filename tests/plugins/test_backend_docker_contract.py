"""The backend `docker` keeps the contract of every backend, on a real engine."""

from collections.abc import Callable
from pathlib import Path

import pytest

from backend_docker.backend import DockerBackend
from backend_docker.settings import DockerSettings, EngineSettings
from tests.engines.daemon import Daemon
from zoe.plugin import Backend, Deployment, ServiceReport, ServiceState
from zoe.testing.backend_contract import LINE, BackendContract
from zoe.testing.changes import Changes

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("docker")]


class TestDockerKeepsTheContract(BackendContract):
    @pytest.fixture
    def make_backend(self, docker_engine: Daemon, tmp_path: Path) -> Callable[[], Backend]:
        settings = DockerSettings(engines=[EngineSettings(name="node1", url=docker_engine.url)])
        deployment = Deployment("contract", tmp_path.name, tmp_path)
        return lambda: DockerBackend(settings, deployment)

    # The container's own init finds out, after the start: see the next test.
    test_a_command_that_does_not_exist_is_refused_with_its_name = None  # type: ignore[assignment]

    def test_a_command_that_does_not_exist_is_named_in_the_report_of_the_death(
        self, changes: Changes, start: Callable[..., ServiceReport]
    ) -> None:
        report = start(1, ("no-such-command",))
        if report.state == ServiceState.STARTED:
            report = changes.wait_for(1)
        assert report.exit_code == 127
        assert report.reason is not None
        assert "no-such-command" in report.reason

    def test_the_log_has_whole_lines_with_their_time_from_its_start(
        self, backend: Backend, start: Callable[..., ServiceReport]
    ) -> None:
        """Output and complaints are two pipes for an engine: each keeps its order, and no more can be said."""
        handle = start(1, "echo one; echo two >&2; echo; echo four >&2; printf three").handle
        found = list(backend.logs(handle, follow=True))
        assert all(LINE.fullmatch(line) for line in found)
        texts = [line[20:-1] for line in found]
        assert [text for text in texts if text not in {b"two", b"four"}] == [b"one", b"", b"three"]
        assert [text for text in texts if text in {b"two", b"four"}] == [b"two", b"four"]
