"""Who dies, is killed or vanishes: noticed at once, with the reason."""

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psutil

from tests.acceptance.conftest import until
from tests.acceptance.faults.kit import entry, keeper, processes, run, service

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.acceptance.conftest import Zoe


def _kill(zoe: "Zoe", execution: int, name: str) -> None:
    for process in processes(execution, zoe.data_dir, name):
        with suppress(psutil.NoSuchProcess):  # ended with the one before it
            process.kill()


def _active_again(zoe: "Zoe", execution: int, name: str, restarts: int) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found = service(zoe, execution, name)
        return found if found["status"] == "active" and found["restart_count"] == restarts else None

    return until(look, f"restart {restarts} of {name}")


def test_an_elastic_service_that_is_killed_is_started_again_at_once_and_its_execution_goes_on(shared: "Zoe") -> None:
    execution = run(
        shared, entry("main", "sleep 600"), entry("extra", "sleep 600", essential=0, monitor=False, total=2)
    )
    for name in ("extra0", "extra1"):
        _active_again(shared, execution, name, 0)
    _kill(shared, execution, "extra1")
    _active_again(shared, execution, "extra1", 1)
    assert service(shared, execution, "extra0")["restart_count"] == 0
    assert shared.status(execution) == "running"
    # At once: no wait for the next comparison with the backend, nor for the delay of one that keeps failing.
    told = [event for event in shared.get(f"/execution/{execution}/events")["events"] if event["service"] == "extra1"]
    assert "signal 9" in told[0]["reason"]


def test_a_core_service_that_is_killed_fails_its_execution_with_the_reason(shared: "Zoe") -> None:
    execution = run(
        shared, entry("main", "sleep 600"), entry("worker", "sleep 600", monitor=False, total=2, essential=2)
    )
    shared.wait_for(execution, "running")
    _kill(shared, execution, "worker1")
    failed = shared.wait_for(execution, "terminated", "error")
    assert failed["status"] == "error"
    assert failed["error_message"] == "worker1 was ended by signal 9"
    assert failed["exit_code"] == 137
    assert processes(execution, shared.data_dir) == []


def test_services_that_die_together_with_their_keeper_fail_their_executions_alone(shared: "Zoe") -> None:
    victims = [run(shared, entry("main", "sleep 600")) for _ in range(3)]
    survivor = run(shared, entry("main", "sleep 600"))
    for execution in (*victims, survivor):
        shared.wait_for(execution, "running")
    keeper(shared.data_dir).kill()
    for execution in victims:
        _kill(shared, execution, "main0")
    for execution in victims:
        failed = shared.wait_for(execution, "terminated", "error")
        assert failed["status"] == "error"
        assert "lost" in failed["error_message"]
    assert shared.status(survivor) == "running"


def test_a_service_that_vanishes_without_a_trace_fails_its_execution_with_the_reason(
    make_zoe: "Callable[..., Zoe]", data_dir: "Path"
) -> None:
    zoe = make_zoe(data_dir, {"ZOE_MASTER__RESYNC_SECONDS": "1"})
    execution = zoe.submit("sleep 600")
    zoe.wait_for(execution, "running")
    services = data_dir / "process" / "services"
    keeper(data_dir).kill()
    _kill(zoe, execution, "task0")
    shutil.rmtree(services)
    services.mkdir()
    services.chmod(0o711)
    assert "disappeared" in zoe.wait_for(execution, "error")["error_message"]
    again = zoe.submit("true")
    assert zoe.wait_for(again, "terminated", "error")["status"] == "terminated"
