"""Opportunistic executions in the master: counted by no quota, stopped quickly, with books of their own."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel

from tests.integration.master.backfill_kit import ONE_CORE, end_one, fill, settle, small
from zapp_boinc import endings
from zapp_boinc.boinc_type import BoincType
from zapp_boinc.parameters import BoincParameters
from zoe.master.making_room import Warner
from zoe.master.observe import Observer
from zoe.master.running import Reach
from zoe.plugin import NoSettings, RunningService, ZAppType
from zoe.state.backfill_books import books
from zoe.state.models import Event, Execution, Quota

if TYPE_CHECKING:
    from tests.integration.master.conftest import Stage


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
    stage.backend.stop = lambda handle, grace: (graces.append(grace), stop(handle, grace))[1]  # type: ignore[method-assign, func-returns-value]
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


class Warned(ZAppType):
    """Notes what it is asked, and what exit codes mean."""

    name = "warned"
    Parameters = BaseModel

    def zapp(self, parameters: BaseModel) -> dict[str, object]:
        return ONE_CORE

    def make_room(self, services: Sequence[RunningService]) -> None:
        warned.append([service.name for service in services])
        raise OSError("it does not answer")


warned: list[list[str]] = []


def test_an_execution_is_warned_before_it_makes_room_and_only_then(stage: "Stage") -> None:
    small(stage, 1.0)
    kinds = {"warned": Warned(NoSettings(), stage.deployment)}
    stage.round.calls.warn = Warner(kinds, Reach(stage.backend)).warn
    leftover = stage.submit(ONE_CORE)
    Execution.update(opportunistic=True, zapp_type="warned").execute()
    settle(stage)
    warned.clear()
    regular = stage.submit(ONE_CORE)
    settle(stage)
    assert warned == [["main-part0"]]
    assert (stage.status(leftover), stage.status(regular)) == ("queued", "running")
    stage.wish_stop(regular)
    settle(stage)
    stage.wish_stop(leftover)
    settle(stage)
    assert len(warned) == 1


@pytest.mark.parametrize(("code", "words"), list(endings.SENTENCES.items()))
def test_the_end_of_a_boinc_task_is_told_in_words(stage: "Stage", code: int, words: str) -> None:
    boinc = BoincType(BoincType.Settings(), stage.deployment)
    stage.round.hearing.observer = Observer(60.0, 300.0, {"boinc": boinc})
    given = {"project_url": "https://example.org/", "account_key": "some_key_0123456789"}
    execution = stage.submit(boinc.zapp(BoincParameters.model_validate(given)))
    Execution.update(zapp_type="boinc").execute()
    settle(stage)
    stage.backend.end(stage.ids(execution)["boinc0"], code)
    settle(stage)
    row = stage.row(execution)
    notes = [event.reason for event in Event.select().where(Event.execution == execution, Event.service == "boinc0")]
    assert notes == [words]
    assert (row.status, row.exit_code) == (("terminated", 0) if code == 0 else ("error", code))
    assert row.error_message == (None if code == 0 else f"boinc0 {words}")
