"""Whatever happens: a backfill delays nobody, is counted by no quota, and exceeds neither its share nor the cluster."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.master.backfill_kit import fill, settle
from tests.integration.master.zapps import app, entry
from zoe.plugin import NodeReport, Resources, ServiceState
from zoe.scheduling.model import Quota
from zoe.state.database import Database
from zoe.state.models import Execution
from zoe.testing.instant_backend import InstantBackend

if TYPE_CHECKING:
    from tests.integration.master.conftest import Stage

CORES = 3.0
SHARE = 0.7
Happening = tuple[str, int]
happenings = st.lists(
    st.tuples(st.sampled_from(["submit", "submit", "end", "stop", "later", "crash"]), st.integers(0, 11)), max_size=14
)


def happen(stage: "Stage", regular: list[int], what: str, number: int) -> None:
    """Do it to regular executions: the `number`th of those that are there."""
    if what == "submit":
        cores = {"min": 0.5 + number % 4 / 2, "max": None}
        resources = {"memory": {"min": 1 << 20, "max": None}, "cores": cores}
        regular.append(stage.submit(app(entry("main-part", monitor=True, resources=resources))))
    elif what == "crash":
        fillers = stage.round.fillers
        stage.restart()
        stage.round.fillers = stage.round.backfills.fillers = fillers
        stage.round.reload(stage.now)
    elif regular and what == "end" and stage.status(chosen := regular[number % len(regular)]) == "running":
        stage.backend.end(stage.ids(chosen)["main-part0"], number % 2)
    elif regular and what == "stop":
        stage.wish_stop(regular[number % len(regular)])
    settle(stage, seconds=number * 30.0 if what == "later" else 1.0)


def check(stage: "Stage") -> None:
    """Nothing is over-committed, and the backfill keeps to its share."""
    alive = [report.who for report in stage.backend.running.values() if report.state == ServiceState.STARTED]
    cores = {who.id: stage.backend.specs[who.id].reserved.cores for who in alive}
    assert sum(cores.values()) <= CORES
    ours = {row.id for row in Execution.select().where(Execution.backfill.is_null(is_null=False))}
    assert sum(cores[who.id] for who in alive if who.execution_id in ours) <= CORES * SHARE


def told(stage: "Stage", events: list[Happening], *, backfill: bool) -> list[list[str]]:
    """Return where every regular execution was after each happening."""
    stage.backend.machines = [NodeReport("node1", Resources(CORES, 1 << 40))]
    stage.round.scheduler.quotas = {"ada": Quota(cores=2.5)}
    if backfill:
        fill(stage, share=SHARE, idle_minutes=1)
    regular: list[int] = []
    story = []
    for what, number in events:
        happen(stage, regular, what, number)
        check(stage)
        story.append([stage.status(one) for one in regular])
    return story


@pytest.mark.slow
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(happenings)
def test_with_a_backfill_every_regular_execution_is_where_it_would_be_without(
    staged: "Callable[[type[InstantBackend]], Stage]", database: Database, events: list[Happening]
) -> None:
    stories = []
    for backfill in (False, True):
        database.rows("TRUNCATE execution, account, role, quota, backfill, backfill_day RESTART IDENTITY CASCADE")
        stories.append(told(staged(InstantBackend), events, backfill=backfill))
    assert stories[1] == stories[0]
