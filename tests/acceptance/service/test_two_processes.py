"""Zoe in two processes: the halves, the stand-by, and a database that goes away."""

import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from zoe.state.embedded import EmbeddedPostgres

if TYPE_CHECKING:
    from tests.acceptance.conftest import Zoe


@pytest.fixture
def postgres() -> Iterator[tuple[EmbeddedPostgres, str]]:
    """A PostgreSQL server that is not Zoe's own, and that a test may stop."""
    with tempfile.TemporaryDirectory(prefix="zoe-pg-") as directory:
        Path(directory).chmod(0o711)
        server = EmbeddedPostgres(Path(directory) / "pg")
        yield server, server.start()
        server.stop()


def test_the_halves_run_apart_and_meet_in_the_database_and_at_the_bell(
    make_zoe: "Callable[..., Zoe]", data_dir: Path, postgres: tuple[EmbeddedPostgres, str]
) -> None:
    environment = {"ZOE_STATE__URL": postgres[1], "ZOE_BUS__ENDPOINT": f"ipc://{data_dir}/bell"}
    environment["ZOE_MASTER__TICK_SECONDS"] = "3600"  # so that only a ring can make it look
    api = make_zoe(data_dir, environment, "--only", "api")
    before = api.submit("echo before")
    assert api.status(before) == "submitted"
    master = make_zoe(data_dir, environment, "--only", "master")
    api.wait_for(before, "terminated")
    after = api.submit("echo after")
    api.wait_for(after, "terminated")
    service = api.get(f"/execution/{after}")["services"][0]
    assert api.client is not None
    assert api.client.get(f"/service/logs/{service}").text.endswith("after\n")
    master.kill()
    during = api.submit("echo during")
    master.start()
    api.wait_for(during, "terminated")


def test_halves_without_a_database_of_their_own_are_told_what_to_set(data_dir: Path) -> None:
    command = [sys.executable, "-m", "zoe", "serve", "--data-dir", str(data_dir), "--only", "api"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "state.url" in refused.stderr
    assert "bus.endpoint" in refused.stderr


def test_of_two_on_one_database_one_leads_and_the_other_takes_over(
    make_zoe: "Callable[..., Zoe]", data_dir: Path, postgres: tuple[EmbeddedPostgres, str]
) -> None:
    environment = {"ZOE_STATE__URL": postgres[1]}
    first = make_zoe(data_dir / "first", environment)
    first.wait_for(first.submit("true"), "terminated")
    second = make_zoe(data_dir / "second", environment)
    assert second.wait_for(second.submit("true"), "terminated")["error_message"] is None
    assert "standing by" in second.log.read_text()
    first.kill()
    second.wait_for(second.submit("true"), "terminated")


def test_postgresql_stopped_and_started_under_load_loses_no_answered_submission(
    make_zoe: "Callable[..., Zoe]", data_dir: Path, postgres: tuple[EmbeddedPostgres, str]
) -> None:
    server, url = postgres
    zoe = make_zoe(data_dir, {"ZOE_STATE__URL": url})
    zoe.lift_quota()
    answered: list[int] = []
    refused: list[int] = []
    done = threading.Event()

    def load() -> None:
        while not done.is_set():
            try:
                answered.append(zoe.submit("true"))
            except httpx.HTTPStatusError as error:
                refused.append(error.response.status_code)

    clients = [threading.Thread(target=load) for _ in range(3)]
    for client in clients:
        client.start()
    _wait_for(lambda: len(answered) > 10)
    server.stop()
    _wait_for(lambda: len(refused) > 3)
    count = len(answered)
    assert server.start() == url
    _wait_for(lambda: len(answered) > count + 10)
    done.set()
    for client in clients:
        client.join()
    assert set(refused) == {503}
    for execution in answered:
        assert zoe.wait_for(execution, "terminated", "error")["status"] == "terminated"
    assert zoe.end(signal.SIGTERM) == 0


def _wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
