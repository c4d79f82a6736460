"""A backfill for the master's tests: half a core of science as often as there is room."""

from typing import TYPE_CHECKING, Any

from tests.integration.master.zapps import app, entry
from zoe.master.backfill import Backfills
from zoe.master.backfill_filler import Filler
from zoe.plugin import Backfill, BackfillSettings, IdleWork, NodeReport, PluginSettings, Resources
from zoe.state.models import Execution

if TYPE_CHECKING:
    from tests.integration.master.conftest import Stage

GIB = 1 << 30


class ScienceSettings(PluginSettings):
    backfill: BackfillSettings | None = None


class Science(Backfill):
    """Offers half a core of science as often as there is room."""

    name = "science"
    Settings = ScienceSettings
    offered: IdleWork | None = IdleWork("pi", app(entry("the-digits", monitor=True)), {"key": "hush"})
    asked = 0

    def work(self) -> IdleWork | None:
        self.asked += 1
        return self.offered


class Other(Science):
    """Offers a quarter of a core."""

    name = "other"
    offered = IdleWork(
        "e",
        app(
            entry(
                "the-digits",
                monitor=True,
                resources={"memory": {"min": 1 << 20, "max": None}, "cores": {"min": 0.25, "max": None}},
            )
        ),
    )


def fill(stage: "Stage", kind: type[Science] = Science, **terms: Any) -> Science:
    """Have the master serve a backfill as well; none but it is as good as just started."""
    settings = ScienceSettings(backfill=BackfillSettings(**{"idle_minutes": 0, **terms}))
    plugin = kind(settings, stage.deployment)
    assert plugin.terms is not None
    fillers = [*stage.round.fillers, Filler(plugin, plugin.terms, (0.1, 1 << 20))]
    serve(stage, fillers)
    return plugin


def serve(stage: "Stage", fillers: list[Filler]) -> None:
    stage.round.fillers, stage.round.backfills = fillers, Backfills(stage.database, fillers)
    stage.round.reload(stage.now)


def settle(stage: "Stage", seconds: float = 0.0) -> None:
    """Tick as the loop would: until nothing is to be done at once."""
    stage.settle(seconds)
    for _ in range(50):
        stage.settle()
        if stage.round.due() > stage.now and not stage.round.calls.inbox:
            return
    raise AssertionError("the master never comes to rest")


def small(stage: "Stage", *sizes: float) -> None:
    stage.backend.machines = [
        NodeReport(f"node{n}", Resources(cores=size, memory=GIB)) for n, size in enumerate(sizes, 1)
    ]


def of_backfill(**conditions: Any) -> list[Execution]:
    query = Execution.select().where(Execution.backfill.is_null(is_null=False)).order_by(Execution.id)
    for name, wanted in conditions.items():
        query = query.where(getattr(Execution, name) == wanted)
    return list(query)


def running() -> int:
    return len(of_backfill(status="running"))


def end_one(stage: "Stage", code: int = 0) -> int:
    execution = of_backfill(status="running")[0]
    (service,) = stage.ids(execution.id).values()
    stage.backend.end(service, code)
    settle(stage)
    return int(execution.id)


ONE_CORE = app(
    entry(
        "main-part",
        monitor=True,
        resources={"memory": {"min": 1 << 20, "max": None}, "cores": {"min": 1.0, "max": None}},
    )
)
