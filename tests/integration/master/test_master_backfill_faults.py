"""Backfill when something goes wrong: a restart, a plugin that fails, executions that end badly."""

import logging
from typing import TYPE_CHECKING

import pytest

from tests.integration.master.backfill_kit import (
    ONE_CORE,
    Science,
    end_one,
    fill,
    of_backfill,
    running,
    serve,
    settle,
    small,
)
from zoe.plugin import IdleWork
from zoe.state.backfill import OWNER
from zoe.state.backfill_books import books
from zoe.state.models import User

if TYPE_CHECKING:
    from tests.integration.master.conftest import Stage


def test_its_executions_belong_to_an_account_that_nobody_can_sign_in_with(stage: "Stage") -> None:
    small(stage, 1.0)
    fill(stage)
    settle(stage)
    account = User.get(User.username == OWNER)
    assert (account.enabled, account.password_hash) == (False, None)
    assert {row.user.id for row in of_backfill()} == {account.id}
    assert {row.opportunistic for row in of_backfill()} == {True}
    assert account.quota.concurrent_executions == 0


def test_a_person_who_is_called_as_the_account_is_left_alone(stage: "Stage", caplog: pytest.LogCaptureFixture) -> None:
    person = User.get_by_id(stage.user)
    User.create(username=OWNER, fs_uid=12, auth_source="internal", role=person.role, quota=person.quota)
    fill(stage)
    settle(stage)
    assert of_backfill() == []
    assert "needs an account of this name for itself" in caplog.text


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


def test_no_secret_of_it_is_in_a_document_and_none_outlives_it(stage: "Stage") -> None:
    small(stage, 0.5)
    fill(stage)
    settle(stage)
    (row,) = of_backfill()
    assert row.secrets == {"key": "hush"}
    assert "hush" not in str(row.description) + str(row.parameters)
    assert stage.row(end_one(stage)).secrets is None
