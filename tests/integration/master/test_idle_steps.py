"""Executions that nobody uses: step by step, with words, and back."""

from typing import TYPE_CHECKING

import pytest

from tests.integration.master.idle_world import HALF_AND_TWO_HOURS, MINUTE, IdleStage, Metered
from zoe.master.idle_terms import IdleTerms
from zoe.plugin import IdleTimes
from zoe.state.activity import extend
from zoe.state.models import Execution, Role

if TYPE_CHECKING:
    from tests.integration.master.conftest import Staged


@pytest.fixture
def lab(staged: "Staged") -> IdleStage:
    return IdleStage(staged(Metered))


def test_first_the_elastic_services_go_back_then_the_execution_ends_and_each_is_said(lab: IdleStage) -> None:
    execution = lab.start()
    lab.pass_time(25 * MINUTE)
    assert lab.workers(execution) == 2
    (said,) = lab.told(execution)
    assert said.startswith("idle since ")
    assert ": no traffic, nothing at work, processors below 5% of a core; its elastic services go back at " in said
    assert " and it ends at " in said
    lab.pass_time(15 * MINUTE)
    assert (lab.workers(execution), lab.stage.status(execution)) == (0, "running")
    assert "go back until it is used again, and it ends at" in lab.told(execution)[-1]
    lab.pass_time(75 * MINUTE)
    assert (lab.workers(execution), lab.stage.status(execution)) == (0, "running")
    lab.pass_time(10 * MINUTE)
    assert lab.stage.status(execution) == "terminated"
    assert any(reason.startswith("idle since ") for reason in lab.told(execution)[2:])
    assert lab.shown(execution) is None


def test_deadlines_are_shown_from_the_first_idle_look_and_kept_to_the_second(lab: IdleStage) -> None:
    execution = lab.start()
    lab.pass_time(6 * MINUTE)
    shown = lab.shown(execution)
    assert shown is not None
    since = shown["since"]
    assert isinstance(since, float)
    assert (shown["step"], shown["elastic_deadline"], shown["deadline"]) == ("idle", since + 1800, since + 7200)
    assert shown["can_extend"] is True
    lab.pass_time(since + 1799 - lab.stage.now)
    assert lab.workers(execution) == 2
    lab.pass_time(5)
    assert lab.workers(execution) == 0
    shown = lab.shown(execution)
    assert shown is not None
    assert (shown["step"], shown["elastic_deadline"]) == ("resting", None)


def test_given_back_services_return_when_it_is_used_again_and_not_before(lab: IdleStage) -> None:
    execution = lab.start()
    lab.pass_time(60 * MINUTE)
    assert lab.workers(execution) == 0
    lab.note(execution)
    lab.pass_time(6 * MINUTE)
    assert lab.workers(execution) == 2
    assert lab.told(execution)[-1].endswith("; its elastic services come back")
    assert lab.told(execution)[-1].startswith("active again (used at ")
    lab.pass_time(100 * MINUTE)
    assert lab.stage.status(execution) == "running"


def test_short_breaks_are_nobody_s_business(lab: IdleStage) -> None:
    execution = lab.start()
    for _ in range(8):
        lab.pass_time(12 * MINUTE)
        lab.note(execution)
    assert lab.told(execution) == []
    assert lab.workers(execution) == 2


def test_what_is_extended_is_kept_and_its_services_return(lab: IdleStage) -> None:
    execution = lab.start()
    lab.pass_time(60 * MINUTE)
    until = lab.stage.now + 4 * 60 * MINUTE
    extend(lab.stage.database, execution, until, "ada")
    lab.watcher.look_now()
    lab.settle()
    lab.settle()
    shown = lab.shown(execution)
    assert shown is not None
    assert (shown["step"], shown["kept_until"], shown["deadline"]) == ("kept", until, until + 7200)
    assert lab.told(execution)[-1].endswith("as ada asked")
    assert lab.workers(execution) == 2
    said = len(lab.told(execution))
    lab.pass_time(4 * 60 * MINUTE)
    assert len(lab.told(execution)) == said
    lab.pass_time(45 * MINUTE)
    assert lab.workers(execution) == 0
    assert lab.stage.status(execution) == "running"
    lab.pass_time(90 * MINUTE)
    assert lab.stage.status(execution) == "terminated"


def test_the_clock_stands_still_while_zoe_is_down_and_does_not_begin_anew(lab: IdleStage) -> None:
    execution = lab.start()
    lab.pass_time(100 * MINUTE)
    lab.restart(away=300 * MINUTE)
    lab.pass_time(10 * MINUTE)
    assert lab.stage.status(execution) == "running"
    assert lab.workers(execution) == 0
    lab.pass_time(15 * MINUTE)
    assert lab.stage.status(execution) == "terminated"


def test_what_worked_while_zoe_was_down_is_not_ended_at_its_return(lab: IdleStage) -> None:
    execution = lab.start()
    lab.pass_time(119 * MINUTE)
    lab.lab.says = "a kernel of the-notebook0"
    lab.restart(away=60 * MINUTE)
    lab.pass_time(30 * MINUTE)
    assert lab.stage.status(execution) == "running"
    assert lab.workers(execution) == 2
    assert lab.shown(execution) is None


def test_elastic_services_stay_away_over_a_restart(lab: IdleStage) -> None:
    execution = lab.start()
    lab.pass_time(60 * MINUTE)
    started = len(lab.stage.backend.started)
    lab.restart()
    lab.pass_time(10 * MINUTE)
    assert lab.workers(execution) == 0
    assert len(lab.stage.backend.started) == started


def test_the_most_specific_time_counts(staged: "Staged") -> None:
    role = IdleTimes(end_minutes=10)
    lab = IdleStage(
        staged(Metered),
        IdleTerms(IdleTimes(5, 20), {"some-role": role}, {"lab": IdleTimes(end_minutes=0), "other": IdleTimes()}),
    )
    never, ten = lab.start(), lab.start(zapp_type=None)
    lab.pass_time(9 * MINUTE)
    assert (lab.workers(never), lab.workers(ten)) == (0, 0)
    assert lab.stage.status(ten) == "running"
    lab.pass_time(5 * MINUTE)
    assert lab.stage.status(ten) == "terminated"
    lab.pass_time(120 * MINUTE)
    assert lab.stage.status(never) == "running"


def test_a_role_that_is_changed_counts_at_the_next_look(staged: "Staged") -> None:
    lab = IdleStage(staged(Metered), IdleTerms(IdleTimes(), {"guest": IdleTimes(end_minutes=10)}))
    execution = lab.start()
    lab.pass_time(30 * MINUTE)
    assert lab.shown(execution) is None
    Role.update(name="guest").execute()
    lab.pass_time(15 * MINUTE)
    assert lab.stage.status(execution) == "terminated"


def test_what_ends_by_itself_is_left_alone_unless_everything_is_to_be_watched(staged: "Staged") -> None:
    lab = IdleStage(staged(Metered), IdleTerms(IdleTimes(end_minutes=10)))
    batch = lab.start(will_end=True)
    lab.pass_time(30 * MINUTE)
    assert lab.stage.status(batch) == "running"
    lab.terms = IdleTerms(IdleTimes(end_minutes=10), everything=True)
    lab.restart()
    lab.pass_time(30 * MINUTE)
    assert lab.stage.status(batch) == "terminated"


def test_an_execution_that_goes_back_to_the_queue_begins_anew(lab: IdleStage) -> None:
    execution = lab.start()
    lab.pass_time(60 * MINUTE)
    entry = lab.stage.round.board[execution]
    assert entry.resting
    Execution.update(stop_requested=lab.stage.now).where(Execution.id == execution).execute()
    lab.settle()
    assert not entry.resting
    assert lab.stage.status(execution) == "terminated"
    lab.settle()
    assert lab.shown(execution) is None


def test_no_times_cost_nothing(staged: "Staged") -> None:
    lab = IdleStage(staged(Metered), IdleTerms())
    lab.start()
    lab.pass_time(10 * MINUTE)
    assert lab.watcher.due() is None
    assert (lab.usage_calls, lab.lab.asked) == ([], 0)


def test_processors_are_measured_for_all_in_one_call_a_beat_and_only_where_nothing_else_speaks(lab: IdleStage) -> None:
    used, quiet = lab.start(), [lab.start() for _ in range(5)]
    batch = lab.start(will_end=True)
    lab.pass_time(10 * MINUTE)
    lab.usage_calls.clear()
    for _ in range(4):
        lab.note(used)
        lab.pass_time(HALF_AND_TWO_HOURS.interval)
    per_execution = len(lab.stage.services(used))
    assert len(lab.usage_calls) <= 4 + 2  # beats, the one before, and the moment at which it is said
    assert max(lab.usage_calls) == per_execution * len(quiet)
    assert lab.stage.status(batch) == "running"
