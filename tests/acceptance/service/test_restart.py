"""What outlives `zoe serve`, and what a kill -9 at any point comes to."""

import random
import signal
import subprocess
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.acceptance.conftest import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.acceptance.conftest import Zoe

OBSTINATE = "trap '' TERM; echo ready; while true; do sleep 0.1; done"


def test_running_services_outlive_zoe_and_their_end_is_known_afterwards(zoe: "Zoe") -> None:
    lives, ends = zoe.submit("sleep 600"), zoe.submit("sleep 1; exit 7")
    for execution in (lives, ends):
        zoe.wait_for(execution, "running")
    assert zoe.end(signal.SIGTERM) == 0
    zoe.start()
    assert zoe.wait_for(ends, "error")["exit_code"] == 7
    assert zoe.status(lives) == "running"
    zoe.stop_execution(lives)
    zoe.wait_for(lives, "terminated")


def test_kill_in_queued_starting_running_and_cleaning_up_ends_as_it_should(
    make_zoe: "Callable[..., Zoe]", data_dir: "Path"
) -> None:
    zoe = make_zoe(data_dir, {"ZOE_PLUGINS__PROCESS__CORES": "1"})
    zoe.lift_quota()
    running = zoe.submit("sleep 2", cores=0.6)
    cleaning = zoe.submit(OBSTINATE, cores=0.4)
    queued = zoe.submit("echo done", cores=1)
    zoe.wait_for(running, "running")
    zoe.wait_for(cleaning, "running")
    zoe.stop_execution(cleaning)
    zoe.wait_for(cleaning, "cleaning up")
    assert zoe.status(queued) == "queued"
    zoe.kill()
    zoe.start()
    for execution in (running, cleaning, queued):
        assert zoe.wait_for(execution, "terminated", "error")["status"] == "terminated"


@pytest.mark.slow
def test_kill_at_random_moments_loses_nothing_and_doubles_nothing(zoe: "Zoe", data_dir: "Path") -> None:
    chance = random.Random(20150607)
    marks = data_dir / "marks"
    marks.mkdir()
    submitted: list[int] = []
    for _ in range(5):
        for _ in range(8):
            mark = marks / f"{len(submitted)}"
            submitted.append(zoe.submit(f"echo run >> {mark}; sleep {chance.uniform(0, 0.4):.2f}"))
        time.sleep(chance.uniform(0, 0.3))
        zoe.kill()
        zoe.start()
    for execution in submitted:
        assert zoe.wait_for(execution, "terminated", "error")["status"] == "terminated"
    assert [(marks / str(number)).read_text() for number in range(len(submitted))] == ["run\n"] * len(submitted)


def test_a_second_owner_of_a_data_directory_is_refused_with_the_first_ones_process(zoe: "Zoe") -> None:
    second = subprocess.run(
        [sys.executable, "-m", "zoe", "serve", "--data-dir", str(zoe.data_dir)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert zoe.process is not None
    assert f"process {zoe.process.pid}" in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1


def test_a_command_that_does_not_exist_fails_its_execution_alone_with_the_reason(zoe: "Zoe") -> None:
    good = zoe.submit("sleep 600")
    bad = zoe.submit(["no-such-command", "--now"])
    assert "no-such-command" in zoe.wait_for(bad, "error")["error_message"]
    zoe.wait_for(good, "running")
    zoe.stop_execution(good)
    zoe.wait_for(good, "terminated")


def test_zoe_stops_although_somebody_follows_the_log_of_a_silent_service(zoe: "Zoe") -> None:
    silent = zoe.submit("echo begun; sleep 600")
    zoe.wait_for(silent, "running")
    service = zoe.get(f"/execution/{silent}")["services"][0]
    assert zoe.client is not None
    with zoe.client.stream("GET", f"/service/logs/{service}") as log:
        assert next(log.iter_lines()).endswith("begun")
        assert zoe.end(signal.SIGTERM) == 0
    zoe.start()
    zoe.stop_execution(silent)
    zoe.wait_for(silent, "terminated")


@pytest.mark.slow
def test_a_reader_of_a_silent_log_who_has_gone_holds_no_seat(zoe: "Zoe") -> None:
    silent = zoe.submit("echo begun; sleep 600")
    zoe.wait_for(silent, "running")
    service = zoe.get(f"/execution/{silent}")["services"][0]
    assert zoe.client is not None
    for _ in range(12):  # there are eight seats
        with httpx.Client(base_url=zoe.client.base_url, headers=zoe.client.headers) as reader:
            until(partial(_begins, reader, service), "a seat")
    zoe.stop_execution(silent)
    zoe.wait_for(silent, "terminated")


def _begins(reader: httpx.Client, service: int) -> bool:
    with reader.stream("GET", f"/service/logs/{service}") as log:
        return log.status_code == 200 and next(log.iter_lines()).endswith("begun")
