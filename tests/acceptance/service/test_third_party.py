"""A package of somebody else's, installed by pip, takes part in a running Zoe."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.acceptance.conftest import Zoe

PACKAGE = Path(__file__).parents[1] / "example_package"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where pip has installed the package."""
    target = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--target", str(target), str(PACKAGE)], check=True)
    return str(target)


def test_a_policy_and_a_backend_of_a_third_party_serve_a_running_zoe(
    make_zoe: "Callable[..., Zoe]", data_dir: Path, installed: str
) -> None:
    environment = {"PYTHONPATH": installed, "ZOE_BACKEND__NAME": "paper", "ZOE_SCHEDULER__POLICY": "last-first"}
    zoe = make_zoe(data_dir, environment | {"ZOE_PLUGINS__PAPER__CORES": "1"})
    ended = zoe.submit("end")
    zoe.wait_for(ended, "terminated")
    service = zoe.get(f"/execution/{ended}")["services"][0]
    assert zoe.client is not None
    assert "noted as" in zoe.client.get(f"/service/logs/{service}").text
    holder, first, last = zoe.submit("hold", cores=1), zoe.submit("hold", cores=1), zoe.submit("hold", cores=1)
    zoe.wait_for(holder, "running")
    zoe.stop_execution(holder)
    zoe.wait_for(last, "running")
    assert zoe.status(first) == "queued"
    torn = zoe.submit("tear", cores=1)
    zoe.stop_execution(last)
    assert "the paper tore" in zoe.wait_for(torn, "error")["error_message"]
    zoe.wait_for(first, "running")
    assert f"heard: {ended} cleaning up -> terminated" in zoe.log.read_text()
    used = {(plugin["kind"], plugin["name"]): plugin for plugin in zoe.get("/plugins").values()}
    assert used["policy", "last-first"]["in_use"]
    assert used["backend", "paper"]["package"] == "zoe-example-plugins"


def test_a_plugin_that_is_not_installed_is_named_with_its_nearest_neighbour(data_dir: Path) -> None:
    command = [sys.executable, "-m", "zoe", "serve", "--data-dir", str(data_dir)]
    environment = {"ZOE_SCHEDULER__POLICY": "fifoo", "ZOE_API__PORT": "0"}
    refused = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert refused.returncode == 1
    assert "no policy `fifoo`; did you mean `fifo`?" in refused.stderr
