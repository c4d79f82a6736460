from collections.abc import Callable
from pathlib import Path

import pytest

from backend_process.backend import ProcessBackend
from backend_process.settings import ProcessSettings
from zoe.plugin import Deployment
from zoe.testing.backend_contract import BackendContract


class TestProcessBackend(BackendContract):
    @pytest.fixture
    def make_backend(self, tmp_path: Path) -> Callable[[], ProcessBackend]:
        deployment = Deployment("test", "some-id", tmp_path)
        return lambda: ProcessBackend(ProcessSettings(run_as="self"), deployment)
