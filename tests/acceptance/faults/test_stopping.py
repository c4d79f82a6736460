"""`zoe serve` is told to stop while others keep it waiting."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import Zoe
from tests.acceptance.faults.kit import keeper, processes

# Each starts Zoe twice.
pytestmark = pytest.mark.slow

DEAF = "trap '' TERM; while true; do sleep 600; done"
GRACE = "ZOE_MASTER__STOP_GRACE"


def test_zoe_does_not_wait_for_a_service_that_refuses_to_end(make_zoe: Callable[..., Zoe], data_dir: Path) -> None:
    zoe = make_zoe(data_dir, {GRACE: "300"})
    execution = zoe.submit(DEAF)
    zoe.wait_for(execution, "running")
    zoe.stop_execution(execution)
    zoe.wait_for(execution, "cleaning up")
    assert zoe.end(signal.SIGTERM) == 0
    assert processes(execution, data_dir)
    again = make_zoe(data_dir, {GRACE: "1"})
    assert again.wait_for(execution, "terminated", "error")["status"] == "terminated"
    assert processes(execution, data_dir) == []


def test_zoe_does_not_wait_for_a_keeper_that_does_not_answer(make_zoe: Callable[..., Zoe], data_dir: Path) -> None:
    zoe = make_zoe(data_dir)
    running = zoe.submit("sleep 600")
    zoe.wait_for(running, "running")
    frozen = keeper(data_dir)
    frozen.suspend()
    try:
        zoe.stop_execution(running)
        waiting = [zoe.submit("true") for _ in range(3)]
        zoe.wait_for(waiting[-1], "starting")
        assert zoe.end(signal.SIGTERM) == 0
    finally:
        frozen.resume()
    zoe.start()
    for execution in (running, *waiting):
        assert zoe.wait_for(execution, "terminated", "error")["status"] == "terminated"


def test_kill_while_services_are_starting_starts_each_once_and_leaves_no_process(
    make_zoe: Callable[..., Zoe], data_dir: Path
) -> None:
    zoe = make_zoe(data_dir)
    frozen = keeper(data_dir)
    frozen.suspend()
    try:
        executions = [zoe.submit(f"echo run >> {data_dir}/mark-$EXECUTION_ID; sleep 0.2") for _ in range(4)]
        for execution in executions:
            zoe.wait_for(execution, "starting")
        zoe.kill()
    finally:
        frozen.resume()
    zoe.start()
    for execution in executions:
        assert zoe.wait_for(execution, "terminated", "error")["status"] == "terminated"
        assert (data_dir / f"mark-{execution}").read_text() == "run\n"
        assert processes(execution, data_dir) == []
