"""Executions over the API: submitting, looking, stopping, forgetting."""

from collections.abc import Callable
from typing import Any

import pytest

World = Any
MakeZApp = Callable[..., dict[str, Any]]


def test_a_submission_is_stored_with_its_services_before_the_bell_rings(world: World) -> None:
    number = world.submit(name="first")
    found = world.get(f"/execution/{number}")
    assert found["status"] == "submitted"
    assert found["name"] == "first"
    assert found["time_submit"] == 1_700_000_000.5
    assert found["time_start"] is None
    assert found["description"]["services"][0]["name"] == "sleeper"
    assert world.rung == ["submission"]
    service = world.get(f"/service/{found['services'][0]}")
    assert service["name"] == "sleeper0"
    assert service["status"] == "created"
    assert service["backend_status"] == "undefined"
    assert service["description"]["image"] == "example.org/sleeper:1.0"
    assert service["essential"] is True


def test_everything_goes_through_one_execution_s_life(world: World) -> None:
    number = world.submit()
    assert list(world.get("/execution")) == [str(number)]
    assert world.ask("DELETE", f"/execution/delete/{number}").status == "400 Cannot delete an active execution"
    assert world.ask("DELETE", f"/execution/{number}").status_code == 204
    assert world.rows("SELECT stop_reason, status FROM execution") == [("stopped by admin", "submitted")]
    world.move(number, "terminated")
    assert world.ask("DELETE", f"/execution/{number}").status == "400 Execution is not running"
    assert world.ask("DELETE", f"/execution/delete/{number}").status_code == 204
    assert world.forgotten == [number]
    assert world.ask("GET", f"/execution/{number}").status == f"404 There is no execution {number}."
    assert world.rows("SELECT count(*) FROM service") == [(0,)]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("number", ["7", "0", str(2**63 - 1), str(2**63), "9" * 5000, "-1", "x", "1_0", "%00"])
def test_an_unknown_execution_is_404_whatever_its_number(world: World, method: str, number: str) -> None:
    assert world.ask(method, f"/execution/{number}").status_code == 404
