"""What the master does with an execution, tick by tick."""

from typing import TYPE_CHECKING

from tests.integration.master.zapps import ONE, SPARK, app, entry
from zoe.plugin import ServiceState
from zoe.state.models import Event

if TYPE_CHECKING:
    from tests.integration.master.conftest import Stage


def test_an_execution_starts_with_its_services_in_startup_order(stage: "Stage") -> None:
    execution = stage.submit(SPARK)
    stage.settle()
    assert stage.status(execution) == "running"
    order = [name.split("-")[1] for name in stage.backend.started]
    assert order[0] == "master0"
    assert {row.status for row in stage.services(execution).values()} == {"active"}
    assert order.index("driver0") > order.index("worker0")


def test_an_execution_ends_well_when_its_monitor_ends_well(stage: "Stage") -> None:
    execution = stage.submit(SPARK)
    stage.settle()
    stage.backend.end(stage.ids(execution)["the-driver0"], 0)
    stage.settle()
    row = stage.row(execution)
    assert (row.status, row.exit_code, row.error_message) == ("terminated", 0, None)
    assert {service.status for service in stage.services(execution).values()} == {"inactive"}
    assert not stage.backend.running


def test_a_monitor_that_fails_makes_the_execution_fail_with_its_exit_code(stage: "Stage") -> None:
    execution = stage.submit(SPARK)
    stage.settle()
    stage.backend.end(stage.ids(execution)["the-driver0"], 3)
    stage.settle()
    row = stage.row(execution)
    assert (row.status, row.exit_code, row.error_message) == ("error", 3, "the-driver0 ended with exit code 3")
    assert stage.services(execution)["the-driver0"].status == "error"
    assert not stage.backend.running


def test_a_core_service_that_fails_ends_its_execution(stage: "Stage") -> None:
    execution = stage.submit(SPARK)
    stage.settle()
    stage.backend.end(stage.ids(execution)["the-master0"], 137, ServiceState.OOM_KILLED)
    stage.settle()
    assert stage.status(execution) == "error"
    assert "more memory than its limit" in str(stage.row(execution).error_message)


def test_a_core_service_that_ends_well_does_not_end_its_execution(stage: "Stage") -> None:
    execution = stage.submit(SPARK)
    stage.settle()
    stage.backend.end(stage.ids(execution)["the-worker0"], 0)
    stage.settle()
    assert stage.status(execution) == "running"
    assert stage.services(execution)["the-worker0"].status == "inactive"


def test_an_elastic_service_that_fails_is_started_again_and_counted(stage: "Stage") -> None:
    execution = stage.submit(SPARK)
    stage.settle()
    stage.backend.end(stage.ids(execution)["the-worker2"], 1)
    stage.settle()
    worker = stage.services(execution)["the-worker2"]
    assert (stage.status(execution), worker.status, worker.restart_count) == ("running", "active", 1)


def test_an_elastic_service_that_keeps_failing_is_started_later_and_later(stage: "Stage") -> None:
    execution = stage.submit(SPARK)
    stage.settle()
    worker = stage.ids(execution)["the-worker2"]
    for _ in range(3):
        stage.backend.end(worker, 1)
        stage.settle()
        stage.settle(seconds=5)
    assert stage.services(execution)["the-worker2"].status == "active"
    stage.backend.end(worker, 1)
    stage.settle()
    assert stage.services(execution)["the-worker2"].status == "runnable"
    stage.settle(seconds=61)
    assert stage.services(execution)["the-worker2"].status == "active"


def test_a_stop_ends_all_services_and_says_who_wanted_it(stage: "Stage") -> None:
    execution = stage.submit(SPARK)
    stage.settle()
    stage.wish_stop(execution)
    stage.settle()
    assert stage.status(execution) == "terminated"
    assert not stage.backend.running
    events = [(event.before, event.after, event.reason) for event in Event.select().order_by(Event.id)]
    assert ("running", "cleaning up", "stopped by somebody") in events


def test_a_stop_before_the_master_has_seen_the_submission_starts_nothing(stage: "Stage") -> None:
    execution = stage.submit(ONE)
    stage.wish_stop(execution)
    stage.settle()
    assert (stage.status(execution), stage.backend.started) == ("terminated", [])


def test_an_execution_is_ended_at_its_runtime_limit(stage: "Stage") -> None:
    execution = stage.submit(ONE, runtime_limit=3600)
    stage.settle()
    stage.settle(seconds=3599)
    assert stage.status(execution) == "running"
    stage.settle(seconds=2)
    row = stage.row(execution)
    assert row.status == "terminated"
    reasons = [event.reason for event in Event.select().where(Event.after == "cleaning up")]
    assert reasons == ["reached the quota's runtime limit of 1 hours"]


def test_the_log_of_a_service_is_kept_after_its_backend_has_forgotten_it(stage: "Stage") -> None:
    execution = stage.submit(ONE)
    stage.settle()
    service = stage.ids(execution)["main-part0"]
    stage.backend.end(service, 0)
    stage.settle()
    assert b"".join(stage.archive.read(execution, service, 0)) == f"2026-01-01 00:00:00 log of {service}\n".encode()


def test_a_change_is_announced_with_before_and_after(stage: "Stage") -> None:
    stage.submit(app(entry("main-part", monitor=True, command="true")))
    stage.settle()
    assert [(change.before, change.after) for change in stage.changes] == [
        ("submitted", "queued"),
        ("queued", "starting"),
        ("starting", "cleaning up"),
        ("cleaning up", "terminated"),
    ]
