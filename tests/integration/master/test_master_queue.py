"""Who waits, why, and what makes room, tick by tick."""

import threading
import time
from typing import TYPE_CHECKING

from tests.integration.master.zapps import ONE, SPARK, app, entry
from zoe.master.usage import UsageBook
from zoe.plugin import NodeReport, Resources
from zoe.scheduling.model import Node
from zoe.state.models import Event, Quota

if TYPE_CHECKING:
    from tests.integration.master.conftest import Stage


def test_a_stop_while_queued_starts_nothing(stage: "Stage") -> None:
    stage.backend.machines = [NodeReport("node1", Resources(cores=0.1, memory=1 << 30))]
    execution = stage.submit(ONE)
    stage.settle()
    assert stage.status(execution) == "queued"
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


def test_where_networks_end_at_the_node_an_execution_is_placed_on_one(stage: "Stage") -> None:
    stage.backend.one_node_networks = True
    stage.backend.machines = [NodeReport("node1", Resources(1, 1 << 30)), NodeReport("node2", Resources(2, 1 << 30))]
    stage.restart()
    number = stage.submit(app(entry("the-parts", monitor=True, total_count=3, essential_count=3)))
    stage.settle()
    assert stage.status(number) == "running"
    assert {report.node for report in stage.backend.running.values()} == {"node2"}
