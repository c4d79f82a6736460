"""What an execution may have left is cleared away by its ZApp type once it is over for good, whatever happens."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from tests.integration.master.conftest import Stage
from tests.integration.master.zapps import ONE
from zoe.master.clearing import Clearing
from zoe.plugin import NodeReport, Resources, ZAppType
from zoe.state.lifecycle import Status
from zoe.state.models import Clearing as Row
from zoe.state.models import Execution

PATIENCE = 60.0


class Tidy(ZAppType):
    """Clears away when it is let, and fails as often as it is told."""

    name = "tidy"

    def __init__(self) -> None:
        self.cleared: list[tuple[int, Path]] = []
        self.may_clear = threading.Event()
        self.may_clear.set()
        self.failures = 0
        self.rung = threading.Event()

    def zapp(self, parameters: BaseModel) -> dict[str, object]:
        raise NotImplementedError

    def clear_away(self, execution: int, workspace: Path) -> None:
        assert self.may_clear.wait(PATIENCE)
        self.cleared.append((execution, workspace))
        if self.failures:
            self.failures -= 1
            raise PermissionError("not yours")


class Untidy(ZAppType):
    """Leaves nothing, as it says by not overriding."""

    name = "untidy"

    def zapp(self, parameters: BaseModel) -> dict[str, object]:
        raise NotImplementedError


@pytest.fixture
def tidy(stage: Stage) -> Iterator[Tidy]:
    made = Tidy()
    with_clearing(stage, made)
    yield made
    made.may_clear.set()
    assert stage.round.clearing is not None
    stage.round.clearing.close()


def with_clearing(stage: Stage, tidy: Tidy) -> None:
    """Have the master as it is after a start."""
    if stage.round.clearing is not None:
        stage.round.clearing.close()
    kinds = {"tidy": tidy, "untidy": Untidy.__new__(Untidy)}
    stage.round.clearing = Clearing(stage.database, kinds, stage.workspaces, tidy.rung.set)
    stage.round.reload(stage.now)


def submitted(stage: Stage, zapp_type: str | None = "tidy") -> int:
    execution = stage.submit(ONE)
    Execution.update(zapp_type=zapp_type).where(Execution.id == execution).execute()
    return execution


def hear(stage: Stage, tidy: Tidy) -> None:
    """Wait until something was attempted, and tick."""
    assert tidy.rung.wait(PATIENCE)
    tidy.rung.clear()
    stage.tick()


def test_what_made_room_and_is_stopped_in_the_queue_is_cleared_away_once(stage: Stage, tidy: Tidy) -> None:
    stage.backend.machines = [NodeReport("node1", Resources(cores=0.5, memory=1 << 30))]
    execution = submitted(stage)
    Execution.update(opportunistic=True).execute()
    stage.settle()
    stage.submit(ONE)
    stage.settle()
    assert (stage.status(execution), tidy.cleared) == (Status.QUEUED, [])
    stage.wish_stop(execution)
    stage.settle()
    assert stage.status(execution) == Status.TERMINATED
    hear(stage, tidy)
    assert tidy.cleared == [(execution, stage.workspaces / "ada")]
    assert Row.select().count() == 0
    with_clearing(stage, tidy)
    stage.tick()
    assert len(tidy.cleared) == 1


@pytest.mark.parametrize("exit_code", [0, 3])
def test_so_is_what_ended_by_itself(stage: Stage, tidy: Tidy, exit_code: int) -> None:
    execution = submitted(stage)
    stage.settle()
    stage.backend.end(stage.ids(execution)["main-part0"], exit_code)
    stage.settle()
    hear(stage, tidy)
    assert [id_ for id_, _ in tidy.cleared] == [execution]


@pytest.mark.parametrize("zapp_type", [None, "untidy", "gone"])
def test_who_leaves_nothing_costs_nothing(stage: Stage, tidy: Tidy, zapp_type: str | None) -> None:
    execution = submitted(stage, zapp_type)
    stage.wish_stop(execution)
    stage.settle()
    assert stage.status(execution) == Status.TERMINATED
    assert (Row.select().count(), tidy.cleared) == (0, [])


def test_the_master_goes_on_while_somebody_takes_long_to_clear_away(stage: Stage, tidy: Tidy) -> None:
    tidy.may_clear.clear()
    first = submitted(stage)
    stage.wish_stop(first)
    stage.settle()
    second = stage.submit(ONE)
    stage.settle()
    assert stage.status(second) == Status.RUNNING
    assert stage.round.due() > stage.now
    assert [row.execution_id for row in Row.select()] == [first]
    tidy.may_clear.set()
    hear(stage, tidy)
    assert Row.select().count() == 0


def test_what_cannot_be_cleared_away_is_told_and_tried_again_later_and_later(
    stage: Stage, tidy: Tidy, caplog: pytest.LogCaptureFixture
) -> None:
    tidy.failures = 2
    execution = submitted(stage)
    stage.wish_stop(execution)
    stage.settle()
    for pause in (10.0, 20.0):
        hear(stage, tidy)
        assert f"execution {execution} of ada" in caplog.text
        assert f"in {pause:.0f} s: not yours" in caplog.text
        assert stage.round.due() <= stage.now + pause
        stage.tick(pause - 1)
        assert not tidy.rung.is_set()
        stage.tick(1.5)
    hear(stage, tidy)
    assert len(tidy.cleared) == 3
    assert Row.select().count() == 0


def test_a_crash_before_it_was_cleared_away_is_made_up_for_also_if_the_execution_was_forgotten_meanwhile(
    stage: Stage, tidy: Tidy
) -> None:
    tidy.may_clear.clear()
    execution = submitted(stage)
    stage.wish_stop(execution)
    stage.settle()
    Execution.delete().where(Execution.id == execution).execute()
    after = Tidy()
    with_clearing(stage, after)
    stage.tick()
    hear(stage, after)
    assert after.cleared == [(execution, stage.workspaces / "ada")]
    assert Row.select().count() == 0


def test_what_is_owed_and_the_end_are_stored_together_or_not_at_all(
    stage: Stage, tidy: Tidy, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = submitted(stage)
    stage.settle()
    stage.wish_stop(execution)
    with monkeypatch.context() as crash:
        crash.setattr("zoe.master.clearing.owe", crashing)
        with pytest.raises(KeyboardInterrupt):
            stage.settle()
    assert stage.status(execution) != Status.TERMINATED
    stage.round.reload(stage.now)
    stage.settle()
    hear(stage, tidy)
    assert (stage.status(execution), len(tidy.cleared)) == (Status.TERMINATED, 1)


def crashing(*_: object) -> None:
    raise KeyboardInterrupt


def test_what_cannot_be_read_any_more_is_cleared_away_as_well(stage: Stage, tidy: Tidy) -> None:
    execution = submitted(stage)
    stage.settle()
    Execution.update(description={"version": 3}).where(Execution.id == execution).execute()
    after = Tidy()
    with_clearing(stage, after)
    stage.tick()
    hear(stage, after)
    assert stage.status(execution) == Status.ERROR
    assert [id_ for id_, _ in after.cleared] == [execution]
