"""A backfill whose executions fail is asked later and later, and never spins."""

from hypothesis import given
from hypothesis import strategies as st

from zoe.master.backfill_pause import FIRST_S, LONGEST_S, Pause

WEEK = 7 * 86400.0


def test_one_that_fares_well_starts_as_many_as_there_is_room_for() -> None:
    assert Pause().most(0.0) is None


def test_a_cluster_of_failures_at_once_is_one_pause() -> None:
    pause = Pause()
    assert [pause.failed(100.0 + n) for n in range(16)] == [True] + [False] * 15
    assert pause.due() == 100.0 + FIRST_S
    assert pause.most(100.0 + FIRST_S - 1) == 0


def test_after_a_pause_one_alone_tries_and_the_others_follow_when_it_has_not_failed() -> None:
    pause = Pause()
    pause.failed(0.0)
    assert pause.most(FIRST_S) == 1
    pause.started()
    assert pause.most(FIRST_S + 1) == 0
    assert pause.most(2 * FIRST_S) is None


def test_the_next_failure_makes_a_longer_pause_up_to_the_longest() -> None:
    pause, now, lengths = Pause(), 0.0, []
    for _ in range(12):
        pause.failed(now)
        lengths.append(pause.until - now)
        now = pause.until
    assert lengths[:3] == [60.0, 120.0, 240.0]
    assert lengths[-1] == LONGEST_S
    assert lengths == sorted(lengths)


def test_one_that_ends_well_clears_all() -> None:
    pause = Pause()
    pause.failed(0.0)
    assert pause.went_well()
    assert not pause.went_well()
    assert pause.most(1.0) is None


def test_a_clock_that_is_put_back_makes_no_pause_longer() -> None:
    pause = Pause()
    pause.failed(1_000_000.0)
    assert pause.most(500.0) == 0
    assert pause.most(500.0 + FIRST_S) == 1


@given(st.floats(0.0, 90.0), st.integers(1, 64))
def test_what_always_fails_at_once_is_started_seldom(lives: float, slots: int) -> None:
    pause, now, starts = Pause(), 0.0, 0
    while now < WEEK:
        most = pause.most(now)
        started = slots if most is None else min(most, slots)
        if started and most is not None:
            pause.started()
        starts += started
        now += lives
        if started:
            for _ in range(started):
                pause.failed(now)
        now = max(now + 1.0, min(pause.due() or now, WEEK))
    # A slot tries more than once only while the pauses are still shorter than what it lives.
    assert starts <= WEEK / LONGEST_S + 4 * slots + 16
