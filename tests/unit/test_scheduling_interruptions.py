"""A pass that is interrupted at any moment, and a clock that goes back."""

import gc
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from math import isfinite
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.scheduling_world import Fifo, World, application, node
from tests.unit.test_scheduling_properties import cluster, events, live, machines, quotas
from zoe.placements.average import Average
from zoe.plugin import Deployment, NoSettings
from zoe.scheduling.guard import TakesTooLongError
from zoe.scheduling.model import Node, Offer, Part, Placement, Quota, Resources, Score, Snapshot
from zoe.scheduling.plan import plan
from zoe.scheduling.planner import Planner
from zoe.scheduling.usage import DecayedUsage


class OwnLeast:
    """A placement of the scoring kind, in this file, so that it is interrupted too."""

    def choose(self, part: Part, candidates: Sequence[Node], free: Mapping[str, Resources]) -> Node:
        return candidates[-1]

    def scores(self, part: Part, offers: Sequence[Offer]) -> Sequence[Score]:
        return [self.score(part, *offer) for offer in offers]

    def score(self, part: Part, node: Node, free: Resources, beside: int) -> Score:
        return float(beside), free.cores


@contextmanager
def interrupted_after(steps: int) -> Iterator[None]:
    """Raise what a watchdog raises at the n-th line that is executed of the scheduler, its policy or placement."""
    left = steps

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal left
        if "/zoe/scheduling/" not in frame.f_code.co_filename and frame.f_code.co_filename != __file__:
            return None
        if event == "line":
            left -= 1
            if left <= 0:
                raise TakesTooLongError
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


def same(planner: Planner, snapshot: Snapshot) -> None:
    again, anew = planner.plan(snapshot), plan(snapshot, planner.policy, planner.placement)
    assert (again.starts, again.stops, dict(again.waits)) == (anew.starts, anew.stops, dict(anew.waits))
    assert not again.complaints


@settings(max_examples=60, deadline=None)
@given(machines, events, quotas, st.lists(st.integers(1, 1500), min_size=1, max_size=4))
def test_after_an_interruption_anywhere_the_next_plan_is_as_from_scratch(
    machines: list[tuple[int, set[str], bool, int]],
    happenings: list[tuple[str, Any]],
    quotas: dict[str, Quota],
    moments: list[int],
) -> None:
    world = World(cluster(machines), quotas=quotas, placement=OwnLeast())
    live(world, happenings)
    world.submit(application(900, [1.0, 0.5], [0.5, 0.5]))
    world.submit(application(901, [2.0], [1.0], opportunistic=True))
    snapshot = Snapshot(world.now, world.nodes, list(world.apps.values()), world.quotas)
    for moment in moments:
        with suppress(TakesTooLongError), interrupted_after(moment):
            world.planner.plan(snapshot)
        same(world.planner, snapshot)
    world.settle()


@pytest.mark.parametrize("placement", [OwnLeast(), Average(NoSettings(), Deployment("test", "test", Path("unused")))])
def test_an_interruption_at_each_step_of_a_pass_leaves_nothing_behind(placement: Placement) -> None:
    world = World([node("a", 8), node("b", 4)], placement=placement)
    for number in range(1, 4):
        world.submit(application(number, [1.0], [2.0, 2.0]))
    world.tick()
    world.submit(application(9, [3.0, 3.0]))
    snapshot = Snapshot(world.now, world.nodes, list(world.apps.values()))
    moment, through = 0, False
    while not through:
        moment += 7
        planner = Planner(Fifo(), placement)
        planner.plan(Snapshot(world.now, world.nodes, list(world.apps.values())[:2]))
        try:
            with interrupted_after(moment):
                through = not planner.plan(snapshot).complaints
        except TakesTooLongError:
            pass
        same(planner, snapshot)
    assert moment > 100


def test_a_clock_that_goes_back_changes_no_rule() -> None:
    world = World([node("a", 4)])
    world.now = 1000.0
    for number in range(1, 4):
        world.submit(application(number, [2.0], [1.0, 1.0], lasts=60.0))
    world.tick()
    world.now = 10.0
    world.submit(application(4, [3.0], lasts=5.0))
    world.submit(application(5, [1.0], lasts=5.0))
    world.settle()
    while world.running():
        world.end(world.running()[0])
        world.now -= 100.0
        world.settle()
    assert world.ever_started == {1, 2, 3, 4, 5}


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), max_size=8), st.floats(-2e6, 2e6)
)
def test_usage_stays_a_share_when_the_clock_goes_back(held: list[tuple[float, float, float]], now: float) -> None:
    usage = DecayedUsage(3600.0)
    for share, since, until in held:
        usage.add("ada", share, since, until)
    # Stretches that overlap count each, as they are told.
    for value in usage.at(now).values():
        assert isfinite(value)
        assert 0.0 <= value <= sum(share for share, _, _ in held) + 1e-9


@given(st.lists(st.floats(-1e4, 1e4), max_size=10))
def test_usage_never_grows_by_looking_at_it_at_odd_times(times: list[float]) -> None:
    usage = DecayedUsage(60.0)
    usage.add("ada", 0.5, 0.0, 100.0)
    first = usage.at(100.0)["ada"]
    for now in times:
        assert 0.0 <= usage.at(now)["ada"] <= first


def test_a_pass_leaves_nothing_for_the_garbage_collector() -> None:
    world = World([node("a", 4), node("b", 4)])
    for number in range(1, 6):
        world.submit(application(number, [2.0], [1.0, 1.0], opportunistic=number == 5))
    snapshot = Snapshot(0.0, world.nodes, list(world.apps.values()))
    gc.collect()
    gc.disable()
    try:
        decided = world.planner.plan(snapshot)
        assert len(list(decided.waits.values())) == len(decided.waits)
        del decided
        world.planner.plan(snapshot)
        assert gc.collect() == 0
    finally:
        gc.enable()
