"""A policy or placement that never comes back stops nobody."""

import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from tests.integration.master.zapps import ONE
from zoe.master.schedule import Scheduler
from zoe.master.watchdog import Watchdog
from zoe.scheduling.guard import TakesTooLongError
from zoe.scheduling.model import Application, Plan, Snapshot
from zoe.scheduling.simple import FirstComeFirstServed
from zoe.state.lifecycle import Status

if TYPE_CHECKING:
    from tests.integration.master.conftest import Stage


class Loops(FirstComeFirstServed):
    """A policy, and a placement, that never comes back."""

    name = "loops"

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        while True:
            pass


class Slow(FirstComeFirstServed):
    """A policy that takes its time, again and again, and swallows what it can."""

    name = "slow"

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        while True:
            try:
                time.sleep(0.01)
            except Exception:  # noqa: BLE001 - what careless plugins do
                continue


@pytest.mark.parametrize("policy", [Loops(), Slow()])
def test_a_policy_that_loops_is_named_and_first_come_is_first_served(
    stage: "Stage", caplog: pytest.LogCaptureFixture, policy: FirstComeFirstServed
) -> None:
    stage.round.scheduler = Scheduler(policy, FirstComeFirstServed(), stage.backend, pass_seconds=0.2)
    execution = stage.submit(ONE)
    stage.settle()
    assert stage.status(execution) == Status.RUNNING
    assert f"policy {policy.name} failed (TakesTooLongError" in caplog.text


def test_a_pass_that_is_struck_outside_of_a_plugin_is_made_again(
    stage: "Stage", caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduler = Scheduler(FirstComeFirstServed(), FirstComeFirstServed(), stage.backend, pass_seconds=0.1)

    def hang(_: Snapshot) -> Plan:
        while True:
            pass

    monkeypatch.setattr(scheduler._planner, "plan", hang)
    stage.round.scheduler = scheduler
    execution = stage.submit(ONE)
    stage.settle()
    assert stage.status(execution) == Status.RUNNING
    assert "took longer than 0.1 s" in caplog.text


def test_who_has_left_in_time_is_never_struck() -> None:
    watchdog = Watchdog(0.001)
    struck = 0
    for _ in range(300):
        try:
            with watchdog.watching():
                deadline = time.monotonic() + 0.0011
                while time.monotonic() < deadline:
                    pass
        except TakesTooLongError:
            struck += 1
        sum(range(2000))  # outside: nothing may be raised here
    assert threading.current_thread().is_alive()
    assert struck <= 300
