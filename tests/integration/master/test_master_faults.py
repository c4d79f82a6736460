"""What the master does when something is lost, refused or unknown."""

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests.integration.master.zapps import ONE, SPARK, app, entry
from zoe.errors import BackendUnavailableError
from zoe.plugin import Handle, NodeReport, Resources, ServiceId, ServiceReport, ServiceState
from zoe.state.models import Event, Execution

if TYPE_CHECKING:
    from tests.integration.master.conftest import Stage


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


def silent(*_: object) -> NoReturn:
    raise BackendUnavailableError("its node says nothing")


@pytest.mark.parametrize("comes_back", [True, False])
def test_a_log_that_cannot_be_had_is_waited_for_and_then_given_up(
    stage: "Stage", monkeypatch: pytest.MonkeyPatch, *, comes_back: bool
) -> None:
    execution = stage.submit(ONE)
    stage.settle()
    service = stage.ids(execution)["main-part0"]
    with monkeypatch.context() as fault:
        fault.setattr(stage.backend, "logs", silent)
        stage.wish_stop(execution)
        stage.settle()
        stage.settle(seconds=61)
        assert stage.status(execution) == "cleaning up"
        if not comes_back:
            fault.setattr("zoe.master.keeping._PATIENCE", 0.0)
            stage.settle(seconds=61)
    stage.settle(seconds=61)
    assert stage.status(execution) == "terminated"
    assert not stage.backend.running
    kept = b"".join(stage.archive.read(execution, service, 0))
    assert (b"[Zoe: this log is lost: its node says nothing]" in kept) is not comes_back


def test_a_log_that_was_kept_is_not_replaced_when_it_cannot_be_had_again(
    stage: "Stage", monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = stage.submit(ONE)
    stage.settle()
    service = stage.ids(execution)["main-part0"]
    with monkeypatch.context() as fault:
        fault.setattr(stage.backend, "logs", lambda *_: iter([b"all of it\n"]))
        fault.setattr(stage.backend, "remove", silent)
        stage.wish_stop(execution)
        stage.settle()
    with monkeypatch.context() as fault:
        fault.setattr("zoe.master.keeping._PATIENCE", 0.0)
        fault.setattr(stage.backend, "logs", silent)
        stage.settle(seconds=61)
    assert stage.status(execution) == "terminated"
    assert b"".join(stage.archive.read(execution, service, 0)) == b"all of it\n"


def test_a_backend_that_does_not_answer_is_asked_again(stage: "Stage") -> None:
    stage.settle()
    stage.backend.reachable = False
    execution = stage.submit(ONE)
    stage.settle()
    assert stage.status(execution) == "starting"
    stage.backend.reachable = True
    stage.settle(seconds=5)
    assert stage.status(execution) == "running"


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


def test_a_scheduling_pass_that_failed_half_way_leaves_nothing_behind(
    stage: "Stage", monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.settle()
    execution = stage.submit(ONE)
    with monkeypatch.context() as broken:
        broken.setattr("zoe.scheduling.planner.start_elastic", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            stage.tick()
    before = stage.round.scheduler._planner
    stage.round.reload(stage.now)
    assert stage.round.scheduler._planner is not before
    stage.settle()
    assert stage.status(execution) == "running"
