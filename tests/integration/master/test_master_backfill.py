"""Backfill, tick by tick: it fills what nobody wants, leaves first and at once, and keeps books."""

import logging
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.master.zapps import SPARK, app, entry
from zoe.master.backfill import Backfills
from zoe.master.backfill_filler import Filler
from zoe.plugin import Backfill, BackfillSettings, IdleWork, NodeReport, PluginSettings, Resources
from zoe.state.backfill import OWNER
from zoe.state.backfill_books import books
from zoe.state.models import Execution, Quota, User

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


def test_every_free_slot_is_kept_busy_on_every_machine(stage: "Stage") -> None:
    small(stage, 2.0, 1.2)
    fill(stage)
    settle(stage)
    assert running() == 6
    done = end_one(stage)
    assert stage.status(done) == "terminated"
    assert running() == 6
    assert of_backfill(status="queued") == []


def test_its_executions_belong_to_an_account_that_nobody_can_sign_in_with(stage: "Stage") -> None:
    small(stage, 1.0)
    fill(stage)
    settle(stage)
    account = User.get(User.username == OWNER)
    assert (account.enabled, account.password_hash) == (False, None)
    assert {row.user_id for row in of_backfill()} == {account.id}
    assert {row.opportunistic for row in of_backfill()} == {True}
    assert Quota.get_by_id(account.quota_id).concurrent_executions == 0


def test_a_person_who_is_called_as_the_account_is_left_alone(stage: "Stage", caplog: pytest.LogCaptureFixture) -> None:
    person = User.get_by_id(stage.user)
    User.create(username=OWNER, fs_uid=12, auth_source="internal", role=person.role, quota=person.quota)
    fill(stage)
    settle(stage)
    assert of_backfill() == []
    assert "needs an account of this name for itself" in caplog.text


def test_nothing_starts_before_the_room_was_free_long_enough(stage: "Stage") -> None:
    small(stage, 2.0)
    fill(stage, idle_minutes=5)
    settle(stage)
    settle(stage, seconds=299)
    assert of_backfill() == []
    assert stage.round.due() <= stage.now + 2
    settle(stage, seconds=2)
    assert running() == 4


def test_a_slot_that_comes_free_by_a_done_task_is_used_again_at_once(stage: "Stage") -> None:
    small(stage, 1.0)
    fill(stage, idle_minutes=5)
    settle(stage)
    settle(stage, seconds=301)
    end_one(stage)
    assert running() == 2


def test_a_regular_execution_starts_at_once_and_takes_no_more_room_than_it_needs(stage: "Stage") -> None:
    small(stage, 2.0)
    fill(stage)
    settle(stage)
    assert running() == 4
    regular = stage.submit(ONE_CORE)
    stage.settle()
    assert stage.status(regular) == "running"
    assert running() == 2
    assert len(of_backfill(status="queued")) == 2


def test_what_made_room_goes_on_before_anything_new_and_after_the_wait(stage: "Stage") -> None:
    small(stage, 1.0)
    fill(stage, idle_minutes=5)
    settle(stage)
    settle(stage, seconds=301)
    first = [row.id for row in of_backfill()]
    regular = stage.submit(ONE_CORE)
    settle(stage)
    assert running() == 0
    stage.backend.end(stage.ids(regular)["main-part0"], 0)
    settle(stage)
    settle(stage, seconds=200)
    assert running() == 0
    settle(stage, seconds=101)
    assert [row.id for row in of_backfill(status="running")] == first
    assert [row.id for row in of_backfill()] == first


def test_nothing_starts_while_a_regular_execution_waits_for_room(stage: "Stage") -> None:
    small(stage, 2.0)
    holder = stage.submit(ONE_CORE)
    settle(stage)
    big = app(
        entry(
            "main-part",
            monitor=True,
            resources={"memory": {"min": 1 << 20, "max": None}, "cores": {"min": 2.0, "max": None}},
        )
    )
    waiting = stage.submit(big)
    fill(stage)
    settle(stage)
    assert (stage.status(waiting), of_backfill()) == ("queued", [])
    stage.backend.end(stage.ids(holder)["main-part0"], 0)
    settle(stage)
    assert stage.status(waiting) == "running"


@pytest.mark.parametrize("reason", ["quota", "size"])
def test_who_waits_for_a_quota_or_can_never_start_keeps_no_room_empty(stage: "Stage", reason: str) -> None:
    small(stage, 1.0)
    if reason == "quota":
        Quota.update(cores=0.25).execute()
    waiting = stage.submit(app(entry("main-part", monitor=True)) if reason == "quota" else _too_big())
    fill(stage)
    settle(stage)
    assert stage.status(waiting) == "queued"
    assert running() == 2


def _too_big() -> dict[str, Any]:
    resources = {"memory": {"min": 1 << 20, "max": None}, "cores": {"min": 64, "max": None}}
    return app(entry("main-part", monitor=True, resources=resources))


def test_a_share_of_the_cluster_is_never_exceeded(stage: "Stage") -> None:
    small(stage, 2.0, 2.0)
    fill(stage, share=0.5)
    settle(stage)
    assert running() == 4
    end_one(stage)
    assert running() == 4


def test_outside_its_hours_it_goes_back_to_the_queue_and_comes_again(stage: "Stage") -> None:
    small(stage, 1.0)
    now = time.localtime(stage.now)
    later = (now.tm_hour * 60 + now.tm_min + 2) % 1440
    begin = (now.tm_hour * 60 + now.tm_min - 10) % 1440
    hours = f"{begin // 60:02}:{begin % 60:02}-{later // 60:02}:{later % 60:02}"
    fill(stage, hours=hours)
    settle(stage)
    assert running() == 2
    ids = [row.id for row in of_backfill()]
    settle(stage, seconds=180)
    assert running() == 0
    assert [row.id for row in of_backfill(status="queued")] == ids
    settle(stage, seconds=24 * 3600 - 240)
    assert [row.id for row in of_backfill(status="running")] == ids


def test_a_restart_neither_doubles_nor_loses(stage: "Stage") -> None:
    small(stage, 1.5)
    fill(stage)
    settle(stage)
    ids = [row.id for row in of_backfill()]
    for _ in range(3):
        serve(stage, list(stage.round.fillers))
        settle(stage)
        assert [row.id for row in of_backfill()] == ids
        assert running() == 3


def test_a_restart_between_storing_and_starting_neither_doubles_nor_loses(stage: "Stage") -> None:
    small(stage, 1.5)
    fill(stage)
    while not of_backfill():
        stage.tick()
    assert {row.status for row in of_backfill()} == {"submitted"}
    serve(stage, list(stage.round.fillers))
    settle(stage)
    assert len(of_backfill()) == running() == 3


def test_a_backfill_that_is_not_in_use_any_more_is_cleared_away(stage: "Stage") -> None:
    small(stage, 1.0)
    fill(stage)
    settle(stage)
    serve(stage, [])
    settle(stage)
    assert {row.status for row in of_backfill()} == {"terminated"}
    assert stage.backend.running == {}


def test_a_backfill_that_fails_pauses_longer_and_longer_and_says_so(
    stage: "Stage", caplog: pytest.LogCaptureFixture
) -> None:
    small(stage, 2.0)
    plugin = fill(stage)
    settle(stage)
    with caplog.at_level(logging.WARNING):
        while of_backfill(status="running"):
            end_one(stage, 75)
    assert "ended with exit code 75; pausing for 60 s" in caplog.text
    assert (len(of_backfill()), running()) == (4, 0)
    told = books(stage.database)["science"]
    assert told["paused_until"] == pytest.approx(stage.now + 60, abs=1)
    assert "ended with exit code 75" in told["note"]
    settle(stage, seconds=59)
    assert len(of_backfill()) == 4
    settle(stage, seconds=2)
    assert running() == 1
    end_one(stage, 75)
    settle(stage, seconds=100)
    assert len(of_backfill()) == 5
    settle(stage, seconds=30)
    end_one(stage, 0)
    assert running() == 4
    assert books(stage.database)["science"]["note"] is None
    assert plugin.asked < 100


def test_a_plugin_that_raises_is_asked_again_later_and_harms_nobody(
    stage: "Stage", caplog: pytest.LogCaptureFixture
) -> None:
    small(stage, 1.0)

    class Broken(Science):
        """Raises."""

        name = "broken"

        def work(self) -> IdleWork | None:
            self.asked += 1
            raise RuntimeError("no idea")

    plugin = fill(stage, Broken)
    settle(stage)
    settle(stage, seconds=10)
    assert plugin.asked == 1
    assert "no idea" in caplog.text
    regular = stage.submit(ONE_CORE)
    settle(stage)
    assert stage.status(regular) == "running"


def test_a_document_that_is_none_is_said_so(stage: "Stage", caplog: pytest.LogCaptureFixture) -> None:
    plugin = fill(stage)
    plugin.offered = IdleWork("odd", {"version": 3})
    settle(stage)
    assert of_backfill() == []
    assert "could not tell what to run" in str(books(stage.database)["science"]["note"])


def test_two_backfills_share_what_is_free(stage: "Stage") -> None:
    small(stage, 2.0)
    fill(stage, share=0.5)
    fill(stage, Other)
    settle(stage)
    found = [(row.backfill, row.status) for row in of_backfill()]
    assert found.count(("science", "running")) == 2
    assert found.count(("other", "running")) == 4
    assert len(found) == 6


def test_an_elastic_service_pushes_it_out_too(stage: "Stage") -> None:
    small(stage, 2.5)
    fill(stage)
    settle(stage)
    assert running() == 5
    stage.submit(SPARK)
    settle(stage)
    assert running() == 0


def test_no_secret_of_it_is_in_a_document_and_none_outlives_it(stage: "Stage") -> None:
    small(stage, 0.5)
    fill(stage)
    settle(stage)
    (row,) = of_backfill()
    assert row.secrets == {"key": "hush"}
    assert "hush" not in str(row.description) + str(row.parameters)
    assert stage.row(end_one(stage)).secrets is None


def test_core_hours_and_tasks_are_in_the_books_of_their_days(stage: "Stage") -> None:
    small(stage, 1.0)
    fill(stage)
    settle(stage)
    settle(stage, seconds=36 * 3600)
    end_one(stage)
    stage.submit(ONE_CORE)
    settle(stage)
    told = books(stage.database)["science"]
    assert told["core_hours"] == pytest.approx(0.5 * 36 * 2, abs=0.1)
    assert (told["done"], told["failed"], told["made_room"]) == (1, 0, 2)
    assert len(told["days"]) in {2, 3}
    assert sum(day["core_hours"] for day in told["days"]) == pytest.approx(told["core_hours"])
    assert all(day["core_hours"] <= 24 + 1e-6 for day in told["days"])
    assert told["days"][-1]["done"] == 1


def test_what_users_submit_as_opportunistic_has_books_of_its_own(stage: "Stage") -> None:
    small(stage, 1.0)
    execution = stage.submit(ONE_CORE)
    Execution.update(opportunistic=True).execute()
    settle(stage)
    settle(stage, seconds=3600)
    stage.wish_stop(execution)
    settle(stage)
    told = books(stage.database)["(users)"]
    assert told["core_hours"] == pytest.approx(1.0, abs=0.01)
    assert (told["done"], told["failed"], told["made_room"]) == (0, 0, 0)


def test_an_opportunistic_service_is_killed_after_ten_seconds_whatever_the_grace_of_others(stage: "Stage") -> None:
    small(stage, 1.0)
    graces: list[float] = []
    stop = stage.backend.stop
    stage.backend.stop = lambda handle, grace: (graces.append(grace), stop(handle, grace))[1]  # type: ignore[method-assign]
    stage.round.calls.grace = 300.0
    fill(stage)
    settle(stage)
    regular = stage.submit(ONE_CORE)
    settle(stage)
    assert graces == [10.0, 10.0]
    stage.wish_stop(regular)
    settle(stage)
    assert graces[2] == 300.0


def test_an_opportunistic_execution_is_held_back_by_no_quota_and_holds_nobody_back(stage: "Stage") -> None:
    Quota.update(concurrent_executions=1, cores=1.0).execute()
    leftovers = [stage.submit(ONE_CORE) for _ in range(3)]
    Execution.update(opportunistic=True).execute()
    regular = stage.submit(ONE_CORE)
    settle(stage)
    assert [stage.status(one) for one in [*leftovers, regular]] == ["running"] * 4
