"""The backend `swarm` keeps the contract of every backend, on a real Swarm."""

from collections.abc import Callable
from pathlib import Path

import pytest

from backend_swarm.backend import SwarmBackend
from backend_swarm.settings import ManagerSettings, SwarmSettings
from tests.engines.swarm import Swarm
from zoe.plugin import Backend, Deployment, ServiceReport
from zoe.testing.backend_contract import LINE, BackendContract

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.xdist_group("swarm")]


class TestSwarmKeepsTheContract(BackendContract):
    @pytest.fixture
    def make_backend(self, swarm_cluster: Swarm, tmp_path: Path) -> Callable[[], Backend]:
        manager = ManagerSettings(url=swarm_cluster.manager.daemon.url)
        settings = SwarmSettings(managers=[manager], stop_grace=1.0, look_seconds=0.5)
        return lambda: SwarmBackend(settings, Deployment("contract", tmp_path.name, tmp_path))

    # The container's own init finds out, after the start, and tells the log.
    test_a_command_that_does_not_exist_is_refused_with_its_name = None  # type: ignore[assignment]
    # The managers of a Swarm do not know what its tasks use.
    test_usage_is_told_of_what_runs_alone = None  # type: ignore[assignment]

    def test_the_log_has_whole_lines_with_their_time_from_its_start(
        self, backend: Backend, start: Callable[..., ServiceReport]
    ) -> None:
        """Output and complaints are two pipes for an engine: each keeps its order, and no more can be said."""
        handle = start(1, "echo one; echo two >&2; echo; printf three").handle
        found = [line for line in backend.logs(handle, follow=True) if line]
        assert all(LINE.fullmatch(line) for line in found)
        assert sorted(line[20:-1] for line in found) == [b"", b"one", b"three", b"two"]
