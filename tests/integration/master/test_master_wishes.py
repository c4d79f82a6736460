"""When the master looks for what the API has stored: at every ring but a backend's, and after a while anyway."""

import math
import queue
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.integration.master.zapps import ONE
from zoe.master.loop import BACKEND, Master
from zoe.master.tick import Round
from zoe.state.database import Database

if TYPE_CHECKING:
    from tests.integration.master.conftest import Stage

SECONDS = 60.0


class ToldBell:
    """Rings as the test says."""

    def __init__(self) -> None:
        self.rings: queue.Queue[set[str]] = queue.Queue()

    def wait(self, timeout: float) -> set[str]:
        del timeout
        return self.rings.get(timeout=SECONDS)


class Noted:
    """A round that notes whether it looked for wishes."""

    def __init__(self) -> None:
        self.looked: queue.Queue[bool] = queue.Queue()

    def reload(self, now: float) -> None:
        """Begin: there is nothing to read."""

    def tick(self, now: float, *, wishes: bool) -> None:
        del now
        self.looked.put(wishes)

    def due(self) -> float:
        return math.inf

    def accounts_changed(self) -> None:
        """Take it up: nothing to be done."""


def looks(database: Database, rings: list[set[str]], tick_seconds: float) -> list[bool]:
    """Return for the first tick and for the one after each of these rings whether it looked for wishes."""
    bell, noted = ToldBell(), Noted()
    master = Master(database, bell, lambda: None, cast("Round", cast("Any", noted)), tick_seconds)
    calls: Any = type("Calls", (), {"close": lambda _: None})()
    noted.calls = noted.progress = calls  # type: ignore[attr-defined]
    noted.idle = noted.clearing = None  # type: ignore[attr-defined]
    master.start()
    found = [noted.looked.get(timeout=SECONDS)]
    for rung in rings:
        bell.rings.put(rung)
        found.append(noted.looked.get(timeout=SECONDS))
    master._stopping.set()
    bell.rings.put(set())
    master.stop()
    return found


@pytest.mark.parametrize(
    ("rung", "looked"),
    [({BACKEND}, False), ({BACKEND, "submission"}, True), ({"stop"}, True), ({"accounts"}, True), (set(), True)],
)
def test_only_a_ring_of_the_backend_alone_does_not_have_the_master_look_for_wishes(
    database: Database, rung: set[str], *, looked: bool
) -> None:
    assert looks(database, [rung], tick_seconds=3600) == [True, looked]


def test_a_lost_ring_costs_a_delay_even_where_the_backend_never_stops_ringing(database: Database) -> None:
    assert looks(database, [{BACKEND}] * 3, tick_seconds=1e-9) == [True] * 4


def test_a_tick_without_a_look_leaves_wishes_for_the_next(stage: "Stage") -> None:
    stage.settle()
    execution = stage.submit(ONE)
    stage.round.tick(stage.now, wishes=False)
    assert stage.status(execution) == "submitted"
    stage.round.tick(stage.now)
    assert stage.status(execution) == "starting"


def test_more_than_one_look_takes_is_taken_by_the_next_without_a_ring(
    stage: "Stage", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoe.master.intake.BATCH", 2)
    monkeypatch.setattr("zoe.master.tick.BATCH", 2)
    stage.settle()
    executions = [stage.submit(ONE) for _ in range(3)]
    stage.round.tick(stage.now)
    assert stage.status(executions[2]) == "submitted"
    stage.round.tick(stage.now, wishes=False)
    assert stage.status(executions[2]) != "submitted"
