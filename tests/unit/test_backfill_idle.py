"""Room counts as idle only after it was so for long enough, and what is let in never exceeds it."""

from hypothesis import given
from hypothesis import strategies as st

from zoe.master.backfill_idle import IdleWatch, Rooms, Want
from zoe.scheduling.model import Resources

GIB = 1 << 30
AMOUNTS = st.builds(Resources, st.integers(-2, 8).map(float), st.integers(-2, 8).map(lambda n: n * GIB))
STEPS = st.lists(st.tuples(st.integers(0, 40), AMOUNTS), min_size=1, max_size=40)


def cores(number: float) -> Resources:
    return Resources(number, 64 * GIB)


def look(watch: IdleWatch, now: float, free: float) -> float:
    return watch.look({"node1": cores(free)}, now)["node1"].cores


@given(STEPS, st.sampled_from([0.0, 10.0, 60.0]))
def test_nothing_counts_as_idle_that_was_not_free_all_the_time(
    steps: list[tuple[float, Resources]], seconds: float
) -> None:
    watch, now = IdleWatch(seconds), 0.0
    past: list[tuple[float, Resources]] = []
    for pause, free in steps:
        now += pause
        past.append((now, free))
        settled = watch.look({"node1": free}, now)["node1"]
        # What was seen last before the stretch begins was so when it began; before the first look nobody knows.
        first = max((place for place, (at, _) in enumerate(past) if at <= now - seconds), default=None)
        seen = [amount for _, amount in past[first:]] if first is not None else [Resources()]
        assert settled.cores <= min(amount.cores for amount in seen)
        assert settled.memory <= min(amount.memory for amount in seen)


@given(st.floats(1, 100), AMOUNTS)
def test_room_that_stays_free_counts_in_the_end(seconds: float, free: Resources) -> None:
    watch = IdleWatch(seconds)
    watch.look({"node1": free}, 0.0)
    due = watch.due()
    settled = watch.look({"node1": free}, due if due is not None else 0.0)["node1"]
    assert settled.cores == free.cores or free.cores < 0
    assert watch.due() is None


def test_room_counts_when_it_was_free_long_enough_and_no_longer_when_somebody_comes() -> None:
    watch = IdleWatch(300)
    assert look(watch, 0, 8) == 0
    assert watch.due() == 300
    assert look(watch, 299, 8) == 0
    assert look(watch, 300, 8) == 8
    assert look(watch, 301, 2) == 2
    assert look(watch, 310, 8) == 2
    assert look(watch, 609, 8) == 2
    assert look(watch, 610, 8) == 8


def test_a_short_visit_begins_the_wait_anew_for_what_it_took() -> None:
    watch = IdleWatch(300)
    look(watch, 0, 8)
    look(watch, 100, 3)
    look(watch, 110, 8)
    assert look(watch, 300, 8) == 3
    assert look(watch, 600, 8) == 8


def test_a_node_that_went_away_has_no_past_when_it_comes_again() -> None:
    watch = IdleWatch(300)
    look(watch, 0, 8)
    assert look(watch, 300, 8) == 8
    watch.look({}, 301)
    assert look(watch, 302, 8) == 0


def test_a_clock_that_is_put_back_delays_by_no_more_than_the_wait() -> None:
    watch = IdleWatch(300)
    look(watch, 1_000_000, 8)
    look(watch, 500, 8)
    assert look(watch, 800, 8) == 8


@given(
    st.dictionaries(st.sampled_from("abc"), AMOUNTS, min_size=1),
    st.lists(st.lists(AMOUNTS, min_size=1, max_size=3), max_size=8),
    AMOUNTS,
)
def test_what_is_let_in_never_exceeds_room_or_budget(
    free: dict[str, Resources], wanted: list[list[Resources]], budget: Resources
) -> None:
    rooms = Rooms(dict(free), {}, budget)
    for parts in wanted:
        before, had = dict(rooms.free), rooms.budget
        needs = [Resources(max(part.cores, 0.0), max(part.memory, 0)) for part in parts]
        if not rooms.let_in([Want(need) for need in needs]):
            assert (rooms.free, rooms.budget) == (before, had)
    for name, room in rooms.free.items():
        assert room.cores >= min(free[name].cores, -1e-5)
        assert room.memory >= min(free[name].memory, 0)
    assert rooms.budget.cores >= min(budget.cores, -1e-5)


def test_a_node_without_the_labels_is_no_room() -> None:
    rooms = Rooms({"plain": cores(8), "gpu": cores(8)}, {"gpu": frozenset({"gpu"})}, cores(100))
    assert rooms.let_in([Want(cores(4), frozenset({"gpu"}))])
    assert rooms.free["plain"] == cores(8)
    assert not rooms.let_in([Want(cores(4), frozenset({"tpu"}))])
