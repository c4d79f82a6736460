"""What the master does with an execution, tick by tick."""

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from zoe.master.usage import UsageBook
from zoe.plugin import Handle, NodeReport, Resources, ServiceId, ServiceReport, ServiceState
from zoe.scheduling.model import Node
from zoe.state.models import Event, Execution, Quota

if TYPE_CHECKING:
    from tests.integration.master.conftest import Stage


def entry(name: str, **more: Any) -> dict[str, Any]:
    resources = {"memory": {"min": 1 << 20, "max": None}, "cores": {"min": 0.5, "max": None}}
    base: dict[str, Any] = {"name": name, "image": "test:1", "monitor": False, "total_count": 1, "essential_count": 1}
    return base | {"startup_order": 0, "resources": resources} | more


def app(*services: dict[str, Any]) -> dict[str, Any]:
    return {"name": "test-app", "version": 3, "will_end": True, "services": list(services)}


ONE = app(entry("main-part", monitor=True))
SPARK = app(
    entry("the-master"),
    entry("the-worker", total_count=3, startup_order=1),
    entry("the-driver", monitor=True, startup_order=2),
)


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


def test_a_stop_while_queued_starts_nothing(stage: "Stage") -> None:
    stage.backend.machines = [NodeReport("node1", Resources(cores=0.1, memory=1 << 30))]
    execution = stage.submit(ONE)
    stage.settle()
    assert stage.status(execution) == "queued"
    stage.wish_stop(execution)
    stage.settle()
    assert (stage.status(execution), stage.backend.started) == ("terminated", [])


def test_a_stop_before_the_master_has_seen_the_submission_starts_nothing(stage: "Stage") -> None:
    execution = stage.submit(ONE)
    stage.wish_stop(execution)
    stage.settle()
    assert (stage.status(execution), stage.backend.started) == ("terminated", [])


def test_an_execution_that_waits_says_what_is_short(stage: "Stage") -> None:
    stage.backend.machines = [NodeReport("node1", Resources(cores=0.7, memory=1 << 30))]
    first, second, third = stage.submit(ONE), stage.submit(ONE), stage.submit(ONE)
    stage.settle()
    assert [stage.status(id_) for id_ in (first, second, third)] == ["running", "queued", "queued"]
    assert stage.row(second).wait_reason == (
        f"main-part needs 0.5 cores on one node; node1 has 0.2 cores free, 0.5 cores are held by execution {first}"
    )
    waits = [stage.row(id_).wait for id_ in (second, third)]
    assert [wait["position"] for wait in waits] == [1, 2]
    assert all(wait["possible"] for wait in waits)
    stage.backend.end(stage.ids(first)["main-part0"], 0)
    stage.settle()
    assert (stage.status(second), stage.row(second).wait_reason) == ("running", None)


def test_a_request_too_big_for_any_node_delays_nobody(stage: "Stage") -> None:
    resources = {"memory": {"min": 1 << 49, "max": None}, "cores": {"min": 1, "max": 1}}
    big = entry("main-part", monitor=True, resources=resources)
    too_big, small = stage.submit(app(big)), stage.submit(ONE)
    stage.settle()
    assert [stage.status(too_big), stage.status(small)] == ["queued", "running"]
    assert "512 TiB of memory" in str(stage.row(too_big).wait_reason)


def test_reservations_are_counted_at_once(stage: "Stage") -> None:
    stage.backend.machines = [NodeReport("node1", Resources(cores=1.0, memory=1 << 30))]
    ids = [stage.submit(ONE) for _ in range(6)]
    stage.settle()
    assert [stage.status(id_) for id_ in ids] == ["running"] * 2 + ["queued"] * 4


def test_a_service_that_the_backend_refuses_fails_its_execution_alone(refusing: "Stage") -> None:
    bad, good = refusing.submit(app(entry("main-part", monitor=True, command="refuse"))), refusing.submit(ONE)
    refusing.settle()
    assert (refusing.status(bad), refusing.status(good)) == ("error", "running")
    assert refusing.row(bad).error_message == "main-part0 could not be started: no such image"


def test_an_execution_goes_back_to_the_queue_when_the_backend_has_no_room(full: "Stage") -> None:
    execution = full.submit(app(entry("other-part"), entry("crowded", monitor=True)))
    full.settle()
    assert full.status(execution) == "queued"
    assert not full.backend.running
    full.settle(seconds=61)
    assert full.status(execution) == "running"
    steps = [event.after for event in Event.select().order_by(Event.id) if event.before]
    assert steps == ["queued", "starting", "cleaning up", "queued", "starting", "running"]


def test_a_service_that_vanishes_without_a_trace_is_noticed_and_fails_its_execution(stage: "Stage") -> None:
    execution = stage.submit(ONE)
    stage.settle()
    stage.backend.vanish(stage.ids(execution)["main-part0"])
    stage.settle(seconds=61)
    assert stage.status(execution) == "error"
    assert "disappeared" in str(stage.row(execution).error_message)


def test_what_belongs_to_no_execution_is_cleared_away(stage: "Stage") -> None:
    execution = stage.submit(ONE)
    stage.settle()
    Execution.delete().where(Execution.id == execution).execute()
    stage.restart()
    stage.settle()
    assert not stage.backend.running


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


def test_a_backend_that_does_not_answer_is_asked_again(stage: "Stage") -> None:
    stage.settle()
    stage.backend.reachable = False
    execution = stage.submit(ONE)
    stage.settle()
    assert stage.status(execution) == "starting"
    stage.backend.reachable = True
    stage.settle(seconds=5)
    assert stage.status(execution) == "running"


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


@pytest.mark.parametrize("ticks", range(8))
def test_a_crash_after_any_tick_loses_nothing_and_doubles_nothing(stage: "Stage", ticks: int) -> None:
    execution = stage.submit(SPARK)
    for _ in range(ticks):
        stage.tick()
    stage.restart()
    stage.settle()
    assert stage.status(execution) == "running"
    assert len(stage.backend.running) == 5
    stage.backend.end(stage.ids(execution)["the-driver0"], 0)
    stage.tick()
    stage.restart()
    stage.settle()
    assert stage.status(execution) == "terminated"
    assert not stage.backend.running


def test_a_death_while_zoe_was_away_is_taken_up_at_the_next_start(stage: "Stage") -> None:
    execution = stage.submit(ONE)
    stage.settle()
    stage.backend.end(stage.ids(execution)["main-part0"], 7)
    stage.restart()
    stage.settle()
    assert (stage.status(execution), stage.row(execution).exit_code) == ("error", 7)


def test_elastic_services_are_given_back_to_a_waiting_core_and_come_again(stage: "Stage") -> None:
    stage.backend.machines = [NodeReport("node1", Resources(cores=2.5, memory=1 << 30))]
    cluster = stage.submit(SPARK)  # three core services and two elastic ones, half a core each
    stage.settle()
    assert len(stage.backend.running) == 5
    newcomer = stage.submit(ONE)
    stage.settle()
    assert [stage.status(id_) for id_ in (cluster, newcomer)] == ["running", "running"]
    rows = stage.services(cluster)
    assert [rows[f"the-worker{n}"].status for n in range(3)].count("active") == 2
    assert {row.restart_count for row in rows.values()} == {0}
    notes = [event.reason for event in Event.select().where(Event.service.startswith("the-worker"))]
    assert any(str(note).startswith("is given back: ") for note in notes)
    stage.backend.end(stage.ids(newcomer)["main-part0"], 0)
    stage.settle()
    assert {row.status for row in stage.services(cluster).values()} == {"active"}


def test_services_that_take_long_to_stop_delay_no_start(stage: "Stage") -> None:
    stubborn = [stage.submit(ONE) for _ in range(20)]
    stage.settle()
    held = threading.Event()
    stop = stage.backend.stop
    stage.backend.stop = lambda handle, grace: (held.wait(30), stop(handle, grace))[1]  # type: ignore[method-assign]
    for execution in stubborn:
        stage.wish_stop(execution)
    stage.round.tick(stage.now)
    newcomer = stage.submit(ONE)
    try:
        for _ in range(100):
            stage.round.tick(stage.now)
            if stage.status(newcomer) == "running":
                break
            time.sleep(0.05)
        assert stage.status(newcomer) == "running"
        assert {stage.status(execution) for execution in stubborn} == {"cleaning up"}
    finally:
        held.set()
    stage.settle()


def test_an_expected_start_is_told_from_the_history_of_the_same_zapp(stage: "Stage") -> None:
    stage.backend.machines = [NodeReport("node1", Resources(cores=0.5, memory=1 << 30))]
    for _ in range(3):
        past = stage.submit(ONE)
        stage.settle()
        stage.now += 600
        stage.backend.end(stage.ids(past)["main-part0"], 0)
        stage.settle()
    stage.submit(ONE)
    stage.settle(seconds=1)
    waiting = stage.submit(ONE)
    stage.settle(seconds=100)
    start = stage.row(waiting).wait["start"]
    assert abs(start["expected"] - (stage.now + 500)) < 30


def test_an_execution_beyond_its_users_quota_waits_with_that_reason(stage: "Stage") -> None:
    Quota.update(concurrent_executions=2).execute()
    ids = [stage.submit(ONE) for _ in range(3)]
    stage.settle()
    assert [stage.status(id_) for id_ in ids] == ["running", "running", "queued"]
    assert "quota" in str(stage.row(ids[2]).wait_reason)
    Quota.update(concurrent_executions=3).execute()
    stage.round.accounts_changed()
    stage.settle()
    assert stage.status(ids[2]) == "running"


def test_what_owners_held_lately_is_known_again_after_a_restart(stage: "Stage") -> None:
    stage.backend.machines = [NodeReport("node1", Resources(cores=1.0, memory=1 << 40))]
    stage.round.scheduler.usage = UsageBook(stage.database, half_life=3600)
    past = stage.submit(ONE)
    stage.settle()
    stage.settle(seconds=3600)
    stage.backend.end(stage.ids(past)["main-part0"], 0)
    stage.settle()
    kept = stage.round.scheduler.usage.at(stage.now, [Node("node1", Resources(1.0, 1 << 40))])
    begun = UsageBook(stage.database, half_life=3600).at(stage.now, [Node("node1", Resources(1.0, 1 << 40))])
    assert abs(kept["ada"] - 0.25) < 0.01  # half of the cluster for one half-life
    assert abs(begun["ada"] - kept["ada"]) < 0.01


def test_an_execution_whose_core_was_lost_with_its_node_starts_again_where_that_is_configured(stage: "Stage") -> None:
    stage.round.restart_lost = True
    execution = stage.submit(SPARK)
    stage.settle()
    stage.backend.end(stage.ids(execution)["the-master0"], None, ServiceState.DESTROYED)
    stage.settle()
    assert stage.status(execution) == "running"
    steps = [event.after for event in Event.select().order_by(Event.id) if event.before]
    assert steps == ["queued", "starting", "running", "cleaning up", "queued", "starting", "running"]


def test_nothing_is_placed_again_on_a_node_that_was_lost(stage: "Stage") -> None:
    both = [NodeReport(name, Resources(cores=2.0, memory=1 << 40)) for name in ("node1", "node2")]
    stage.backend.machines = both
    execution = stage.submit(SPARK)
    stage.settle()
    lost = [row for row in stage.services(execution).values() if row.node == "node2" and not row.essential]
    stage.backend.machines = [both[0], replace(both[1], online=False)]
    for row in lost:
        stage.backend.end(int(row.id), None, ServiceState.DESTROYED)
    stage.settle()
    stage.settle(seconds=3)
    stage.settle(seconds=3)
    nodes = {row.node for row in stage.services(execution).values() if row.status == "active" and not row.essential}
    assert "node2" not in nodes


def test_what_a_backend_tells_while_it_starts_a_service_is_in_the_executions_events(stage: "Stage") -> None:
    stage.settle()
    stage.backend.reachable = False
    execution = stage.submit(ONE)
    stage.tick()
    who = ServiceId(stage.ids(execution)["main-part0"], execution, "main-part0")
    stage.round.calls.tell(
        ServiceReport(who, Handle("x"), ServiceState.CREATED, "node1", reason="pulling its image: 40 %")
    )
    stage.tick()
    assert "pulling its image: 40 %" in [event.reason for event in Event.select()]


def test_an_execution_whose_description_cannot_be_read_any_more_is_given_up_and_cleared_away(stage: "Stage") -> None:
    execution = stage.submit(SPARK)
    stage.settle()
    Execution.update(description={"version": 99}).where(Execution.id == execution).execute()
    stage.restart()
    stage.settle()
    assert stage.status(execution) == "error"
    assert "cannot be read any more" in str(stage.row(execution).error_message)
    assert {row.status for row in stage.services(execution).values()} == {"error"}
    assert not stage.backend.running
