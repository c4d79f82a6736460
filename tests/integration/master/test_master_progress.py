"""How far executions are: what a ZApp type that takes its time to tell costs the others."""

import threading
from collections.abc import Iterator, Sequence

import pytest
from pydantic import BaseModel

from tests.integration.master.conftest import Stage
from tests.integration.master.zapps import ONE
from zoe.master.progress import ProgressWatch
from zoe.master.running import Reach
from zoe.plugin import Progress, RunningService, ZAppType
from zoe.state.lifecycle import Status
from zoe.state.models import Execution

PATIENCE = 60.0


class Slow(ZAppType):
    """Tells how far it is when it is let."""

    name = "slow"
    asked = threading.Event()
    may_answer = threading.Event()

    def zapp(self, parameters: BaseModel) -> dict[str, object]:
        raise NotImplementedError

    def progress(self, services: Sequence[RunningService]) -> Progress | None:
        self.asked.set()
        assert self.may_answer.wait(PATIENCE)
        return Progress("half-way", 0.5)


@pytest.fixture
def slow(stage: Stage) -> Iterator[Slow]:
    made = Slow.__new__(Slow)
    made.asked.clear()
    made.may_answer.clear()
    stage.round.progress.close()
    stage.round.progress = ProgressWatch({"slow": made}, Reach(stage.backend), 1.0)
    yield made
    made.may_answer.set()


def test_the_master_sleeps_while_a_zapp_type_is_slow_to_tell(stage: Stage, slow: Slow) -> None:
    execution = stage.submit(ONE)
    Execution.update(zapp_type="slow").where(Execution.id == execution).execute()
    stage.settle()
    assert stage.status(execution) == Status.RUNNING
    assert slow.asked.wait(PATIENCE)
    stage.tick(5.0)
    assert stage.round.due() > stage.now
    slow.may_answer.set()
    while not stage.row(execution).progress:
        stage.tick(0.1)
    assert stage.row(execution).progress["fraction"] == 0.5
    slow.asked.clear()
    stage.tick(2.0)
    assert slow.asked.wait(PATIENCE)
