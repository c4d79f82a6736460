"""Backfill, tick by tick: it fills what nobody wants, starts after everybody else, and leaves first and at once."""

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.master.backfill_kit import ONE_CORE, Other, end_one, fill, of_backfill, running, settle, small
from tests.integration.master.zapps import SPARK, app, entry
from zoe.state.models import Quota

if TYPE_CHECKING:
    from tests.integration.master.conftest import Stage


def test_every_free_slot_is_kept_busy_on_every_machine(stage: "Stage") -> None:
    small(stage, 2.0, 1.2)
    fill(stage)
    settle(stage)
    assert running() == 6
    done = end_one(stage)
    assert stage.status(done) == "terminated"
    assert running() == 6
    assert of_backfill(status="queued") == []


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
