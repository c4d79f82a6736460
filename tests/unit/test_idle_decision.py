"""What becomes of an idle execution, whatever was seen and whenever anybody looked."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from zoe.master.idle import Clock, Decision, Signals, Step, Times, decide

ORDER = [Step.IDLE, Step.RESTING, Step.ENDING]
GAP = 120.0
NOW = 1_000_000.0

limits = st.none() | st.floats(1, 100_000)
all_times = st.builds(Times, limits, limits).filter(lambda times: times != Times())
moments = st.floats(NOW - 200_000, NOW)


@st.composite
def clocks(draw: st.DrawFn) -> Clock:
    looked_at = draw(moments)
    since = looked_at - draw(st.floats(0, 100_000))
    unseen = draw(st.floats(0, looked_at - since)) if looked_at > since else 0.0
    return Clock(since, looked_at, unseen, draw(st.booleans()), draw(st.booleans()))


QUIET = st.builds(Signals, st.none() | st.floats(0, NOW - 400_000))
looks = st.lists(st.tuples(st.floats(0, 5_000), st.booleans()), min_size=1, max_size=60)


def walk(times: Times, steps: list[tuple[float, bool]]) -> list[tuple[float, bool, Decision]]:
    """Look again and again, so many seconds later each time, and find it active or not."""
    clock, now, made = Clock(NOW, NOW), NOW, []
    for pause, active in steps:
        now += pause
        decision = decide(clock, Signals(active="busy" if active else None), times, now, GAP)
        made.append((now, active, decision))
        clock = decision.clock
    return made


@given(clocks(), all_times, st.text(min_size=1))
def test_what_any_signal_calls_active_or_does_not_know_goes_on_untouched(clock: Clock, times: Times, why: str) -> None:
    decision = decide(clock, Signals(active=why), times, NOW, GAP)
    assert decision == Decision(Step.ACTIVE, Clock(NOW, NOW))


@given(clocks(), all_times, st.floats(0.001, 1_000_000))
def test_a_lease_keeps_it_and_moves_the_deadline(clock: Clock, times: Times, more: float) -> None:
    before = decide(clock, Signals(), times, NOW, GAP)
    kept = decide(clock, Signals(lease_until=NOW + more), times, NOW, GAP)
    assert kept.step == Step.KEPT
    assert not kept.clock.resting
    if kept.deadline is not None and before.deadline is not None:
        assert kept.deadline > NOW + more
        assert kept.deadline >= min(before.deadline, NOW + more)


@given(all_times, looks)
def test_steps_come_one_at_a_time_and_in_order_since_it_was_active_last(
    times: Times, steps: list[tuple[float, bool]]
) -> None:
    said, rested = False, False
    for _, active, decision in walk(times, steps):
        if active:
            said, rested = False, False
            continue
        if decision.step == Step.ENDING:
            assert said
            assert rested or decision.elastic_deadline is None
        if decision.step == Step.RESTING:
            assert said
        said, rested = decision.clock.announced, decision.clock.resting


@given(all_times, looks)
def test_nothing_is_done_before_its_time_has_been_seen_to_pass(times: Times, steps: list[tuple[float, bool]]) -> None:
    seen_idle, before = 0.0, NOW
    for now, active, decision in walk(times, steps):
        seen_idle = 0.0 if active else seen_idle + min(now - before, GAP)
        before = now
        if decision.step == Step.ENDING:
            assert times.end is not None
            assert seen_idle >= times.end - 0.01
        if decision.step == Step.RESTING:
            assert times.elastic is not None
            assert seen_idle >= times.elastic - 0.01


@given(clocks(), all_times, QUIET, st.floats(0, GAP))
def test_as_time_goes_by_it_only_goes_further(clock: Clock, times: Times, signals: Signals, later: float) -> None:
    clock = replace(clock, looked_at=NOW)
    now = decide(clock, signals, times, NOW, GAP)
    then = decide(clock, signals, times, NOW + later, GAP)
    assert ORDER.index(then.step) >= ORDER.index(now.step)
    assert then.deadline == now.deadline


@given(clocks(), st.floats(1, 100_000), st.floats(0, 100_000), QUIET)
def test_a_longer_limit_never_ends_it_earlier(clock: Clock, end: float, more: float, signals: Signals) -> None:
    short = decide(clock, signals, Times(None, end), NOW, GAP)
    longer = decide(clock, signals, Times(None, end + more), NOW, GAP)
    assert longer.deadline is not None
    assert short.deadline is not None
    assert longer.deadline >= short.deadline
    assert short.step == Step.ENDING or longer.step != Step.ENDING


@given(clocks(), all_times, st.floats(0, 1_000_000))
def test_time_in_which_nobody_looked_does_not_count_and_does_not_start_the_clock_anew(
    clock: Clock, times: Times, away: float
) -> None:
    watched = decide(clock, Signals(), times, clock.looked_at + GAP, GAP)
    slept = decide(clock, Signals(), times, clock.looked_at + GAP + away, GAP)
    assert slept.clock.since == watched.clock.since
    if watched.deadline is not None and slept.deadline is not None:
        assert abs(slept.deadline - watched.deadline - away) < 0.01


@given(clocks(), all_times, moments)
def test_use_that_was_seen_meanwhile_starts_the_clock_anew(clock: Clock, times: Times, used_at: float) -> None:
    decision = decide(clock, Signals(used_at=used_at), times, NOW, GAP)
    if used_at > clock.since:
        assert decision == Decision(Step.ACTIVE, Clock(used_at, NOW))
    else:
        assert decision.step != Step.ACTIVE


def test_use_that_is_said_to_lie_ahead_counts_from_now() -> None:
    decision = decide(Clock(0, NOW), Signals(used_at=NOW + 999), Times(end=60), NOW, GAP)
    assert decision.clock.since == NOW


def test_elastic_services_that_would_go_back_no_earlier_than_the_end_go_with_it() -> None:
    clock = Clock(NOW - 60, NOW, announced=True)
    assert decide(clock, Signals(), Times(elastic=60, end=60), NOW, GAP).step == Step.ENDING
