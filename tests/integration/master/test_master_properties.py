"""Whatever happens in whatever order: nothing is over-committed, every history is one of allowed steps, all ends."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoe.plugin import NodeReport, Resources, ServiceState
from zoe.state.database import Database
from zoe.state.lifecycle import STEPS, Status
from zoe.state.models import Execution
from zoe.testing.instant_backend import InstantBackend

if TYPE_CHECKING:
    from tests.integration.master.conftest import Stage

CORES = 3.0
happenings = st.lists(
    st.tuples(
        st.sampled_from(
            ["submit", "submit", "tick", "settle", "end", "stop", "vanish", "away", "back", "crash", "later"]
        ),
        st.integers(0, 20),
    ),
    max_size=25,
)


def application(number: int) -> dict[str, Any]:
    resources = {"memory": {"min": 1 << 20, "max": None}, "cores": {"min": 0.5 + number % 3 / 2, "max": None}}
    base = {"image": "test:1", "resources": resources, "startup_order": 0}
    first = base | {"name": "first", "monitor": True, "total_count": 1, "essential_count": 1}
    second = base | {"name": "second", "monitor": False, "total_count": 1 + number % 3, "essential_count": 1}
    return {
        "name": "test-app",
        "version": 3,
        "will_end": True,
        "services": [first, second | {"startup_order": number % 2}],
    }


def happen(stage: "Stage", what: str, number: int) -> None:
    alive = [report.who.id for report in stage.backend.running.values() if report.state == ServiceState.STARTED]
    chosen = alive[number % len(alive)] if alive else None
    actions: dict[str, Callable[[], object]] = {
        "submit": lambda: stage.submit(application(number)),
        "tick": stage.tick,
        "settle": stage.settle,
        "end": lambda: None if chosen is None else stage.backend.end(chosen, number % 3),
        "vanish": lambda: None if chosen is None else stage.backend.vanish(chosen),
        "stop": lambda: stage.wish_stop(number),
        "away": lambda: setattr(stage.backend, "reachable", False),
        "back": lambda: setattr(stage.backend, "reachable", True),
        "crash": stage.restart,
        "later": lambda: stage.tick(seconds=number * 10),
    }
    actions[what]()


def check_not_overcommitted(stage: "Stage") -> None:
    running = [report.who.id for report in stage.backend.running.values() if report.state == ServiceState.STARTED]
    assert sum(stage.backend.specs[id_].reserved.cores for id_ in running) <= CORES


def check_histories(database: Database) -> None:
    latest: dict[int, str] = {}
    steps = "SELECT execution_id, before, after FROM event WHERE after IS NOT NULL ORDER BY id"
    for execution, before, after in database.rows(steps):
        assert before == latest.get(execution, "submitted")
        assert Status(after) in STEPS[Status(before)]
        latest[execution] = after
    for id_, status in database.rows("SELECT id, status FROM execution"):
        assert status == latest.get(id_, "submitted")


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happenings)
def test_whatever_happens_all_ends_and_nothing_is_left(
    staged: "Callable[[type[InstantBackend]], Stage]", database: Database, events: list[tuple[str, int]]
) -> None:
    database.rows("TRUNCATE execution, account, role, quota RESTART IDENTITY CASCADE")
    stage = staged(InstantBackend)
    stage.backend.machines = [NodeReport("node1", Resources(CORES, 1 << 40))]
    for what, number in events:
        happen(stage, what, number)
        check_not_overcommitted(stage)
    stage.backend.reachable = True
    for row in Execution.select():
        stage.wish_stop(row.id)
    for _ in range(4):
        stage.settle(seconds=61)
    assert {row.status for row in Execution.select()} <= {"terminated", "error"}
    assert not stage.backend.running
    check_histories(database)
