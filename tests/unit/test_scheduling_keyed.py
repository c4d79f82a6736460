"""Policies that go by each execution alone: who did not change keeps the place, and nobody can tell."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from tests.unit.scheduling_world import Fifo, FirstFit, World, application, node, placed
from tests.unit.test_scheduling_properties import cluster, events, live, machines, quotas
from zoe.plugin import Deployment, NoSettings
from zoe.policies import fifo
from zoe.scheduling.guard import TakesTooLongError
from zoe.scheduling.model import Application, Plan, Policy, Quota, Snapshot
from zoe.scheduling.plan import plan
from zoe.scheduling.planner import Planner

SITE = Deployment("zoe", "1", Path("/nonexistent"))
FIFO = fifo.Fifo(NoSettings(), SITE)


class Key(Fifo):
    """Sorts by whatever it is told to; its `order` is nobody's business."""

    name = "keyed"

    def __init__(self, key: Callable[[Application], Any]) -> None:
        self.key = key

    def order(self, *_: object) -> list[Application]:
        raise AssertionError("not to be asked")


def differs(one: Plan, other: Plan) -> bool:
    return (one.starts, one.stops, dict(one.waits)) != (other.starts, other.stops, dict(other.waits))


class Watched(World):
    """A world that keeps what it was asked and what it decided."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.plans: list[tuple[Snapshot, Plan]] = []

    def tick(self) -> Plan:
        snapshot = Snapshot(self.now, self.nodes, list(self.apps.values()), self.quotas)
        self.plans.append((snapshot, super().tick()))
        return self.plans[-1][1]


@settings(max_examples=150, deadline=None)
@given(machines, events, quotas)
def test_a_policy_asked_by_its_key_plans_as_one_that_is_asked_for_the_order(
    machines: list[tuple[int, set[str], bool, int]], happenings: list[tuple[str, Any]], quotas: dict[str, Quota]
) -> None:
    world = Watched(cluster(machines), quotas=quotas, policy=FIFO)
    live(world, happenings)
    world.settle()
    assert not [1 for snapshot, decided in world.plans if differs(decided, plan(snapshot, Fifo(), world.placement))]


def test_in_a_long_queue_only_those_are_asked_for_that_changed() -> None:
    asked: list[int] = []

    def key(one: Application) -> tuple[float, ...]:
        asked.append(one.id)
        return (-one.submitted,)

    world = World([node("a", 1)], policy=Key(key))
    for number in range(1, 501):
        world.submit(application(number, [1.0]))
    snapshot = Snapshot(0.0, world.nodes, list(world.apps.values()))
    world.planner.plan(snapshot)
    asked.clear()
    new = application(900, [1.0])
    waits = world.planner.plan(Snapshot(0.0, world.nodes, [*world.apps.values(), new])).waits
    assert asked == [900]
    assert len(waits) == 500


def test_those_of_one_key_stand_in_the_order_of_their_ids() -> None:
    apps = [application(number, [1.0]) for number in (3, 1, 2)]
    assert list(plan(Snapshot(0.0, [], apps), Key(lambda _: (0.0,)), FirstFit()).waits) == [1, 2, 3]


def fails(error: BaseException) -> Callable[[Application], tuple[float, ...]]:
    def key(_: Application) -> tuple[float, ...]:
        raise error

    return key


@pytest.mark.parametrize(
    "key",
    [
        fails(RuntimeError("no idea")),
        fails(TakesTooLongError()),
        lambda one: None,
        lambda one: ("late" if one.id > 1 else 1.0,),
    ],
)
def test_a_policy_whose_keys_are_wrong_is_named_and_fifo_takes_over(key: Callable[[Application], Any]) -> None:
    snapshot = Snapshot(0.0, [node("a", 4)], [application(2, [1]), placed(application(1, [1], [1]), "a", "a")])
    planner = Planner(Key(key), FirstFit())
    for _ in range(2):
        decided = planner.plan(snapshot)
        assert not differs(decided, plan(snapshot, Fifo(), FirstFit()))
        (complaint,) = decided.complaints
        assert complaint.startswith("policy keyed failed (")
        assert complaint.endswith("FIFO takes over for this pass")


def test_a_policy_whose_keys_are_not_always_the_same_is_named_and_believed_again_later() -> None:
    turn = 0.0

    def key(one: Application) -> tuple[float, ...]:
        return (turn * one.id,)

    policy: Policy = Key(key)
    planner, first = Planner(policy, FirstFit()), [application(number, [1.0]) for number in range(1, 9)]
    planner.plan(Snapshot(0.0, [], first))
    turn = -1.0
    second = [*first[:3], *first[4:]]
    decided = planner.plan(Snapshot(0.0, [], second))
    assert "not always the same" in decided.complaints[0]
    assert list(decided.waits) == [1, 2, 3, 5, 6, 7, 8]
    again = planner.plan(Snapshot(0.0, [], second))
    assert not again.complaints
    assert list(again.waits) == [8, 7, 6, 5, 3, 2, 1]
