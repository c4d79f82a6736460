"""The bundled policies and placements, and the usage that fair shares rest on."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.scheduling_world import GIB, World, application, node
from zoe.placements.average import Average
from zoe.placements.image import Image
from zoe.placements.pack import Pack
from zoe.placements.random import Random
from zoe.placements.waterfill import Waterfill
from zoe.plugin import (
    Application,
    Deployment,
    Node,
    NoSettings,
    Part,
    Placement,
    Policy,
    Resources,
    ScoringPlacement,
    Snapshot,
)
from zoe.policies.dynsize import Dynsize, DynsizeSettings
from zoe.policies.fairshare import Fairshare, FairshareSettings
from zoe.policies.fifo import Fifo
from zoe.policies.hrrn import Hrrn
from zoe.policies.size import Size
from zoe.policies.srpt import Srpt
from zoe.scheduling.plan import plan
from zoe.scheduling.usage import DecayedUsage

SITE = Deployment("zoe", "1", Path("/nonexistent"))
FIFO, SIZE, SRPT, HRRN = (kind(NoSettings(), SITE) for kind in (Fifo, Size, Srpt, Hrrn))
DYNSIZE, FAIRSHARE = Dynsize(DynsizeSettings(), SITE), Fairshare(FairshareSettings(), SITE)
AVERAGE, WATERFILL, PACK, IMAGE, RANDOM = (
    kind(NoSettings(), SITE) for kind in (Average, Waterfill, Pack, Image, Random)
)


def one(id_: int, *, size: int = 1, lasts: float | None = None, priority: int = 0, owner: str = "ada") -> Application:
    return replace(application(id_, [1], owner=owner, lasts=lasts), size=size, priority=priority)


def ids(policy: Policy, *apps: Application, now: float = 100.0) -> list[int]:
    return [app.id for app in policy.order(apps, now)]


def test_size_serves_the_smaller_first_but_higher_priorities_before() -> None:
    assert ids(SIZE, one(1, size=5), one(2, size=3), one(3, size=9, priority=1)) == [3, 2, 1]


def test_size_counts_cores_where_no_size_was_given() -> None:
    assert ids(SIZE, replace(application(1, [4, 4]), size=0), one(2, size=3)) == [2, 1]


def test_dynsize_lets_a_large_execution_pass_newer_small_ones_after_a_while() -> None:
    large = one(1, size=16)
    assert ids(DYNSIZE, large, replace(one(2), submitted=90.0), now=100.0) == [2, 1]
    later = 4 * 1800 + 100.0
    assert ids(DYNSIZE, large, replace(one(2), submitted=later - 1), now=later) == [1, 2]


def test_dynsize_keeps_the_size_of_what_runs() -> None:
    running = replace(one(1, size=16), running=True, started=10.0)
    assert ids(DYNSIZE, running, replace(one(2), submitted=9e5), now=9e5) == [2, 1]


def test_srpt_serves_what_is_done_first() -> None:
    running = replace(one(3, lasts=100), started=20.0)
    assert ids(SRPT, one(1, lasts=50), one(2, lasts=10), running) == [2, 3, 1]


def test_srpt_takes_what_has_no_history_for_typical_and_is_fifo_if_nothing_has() -> None:
    assert ids(SRPT, one(1), one(2, lasts=10), one(3, lasts=50), one(4, lasts=90)) == [2, 1, 3, 4]
    assert ids(SRPT, one(2), one(1), one(3)) == [1, 2, 3]


def test_hrrn_weighs_the_wait_against_the_duration() -> None:
    waited, short = replace(one(1, lasts=100), submitted=0.0), replace(one(2, lasts=10), submitted=95.0)
    assert ids(HRRN, waited, short) == [1, 2]
    assert ids(HRRN, waited, replace(short, submitted=80.0)) == [2, 1]
    assert ids(HRRN, one(2), one(1)) == [1, 2]


def test_hrrn_goes_on_counting_while_an_execution_runs_so_that_who_is_late_for_its_length_gets_elastic_first() -> None:
    # Both started at once: where nobody waits for a core, the wait alone would tell nothing.
    long, short = (replace(app, submitted=0.0, started=0.0) for app in (one(1, lasts=1000), one(2, lasts=10)))
    assert ids(HRRN, long, short) == [2, 1]
    assert ids(HRRN, long, replace(short, submitted=99.5, started=99.5)) == [1, 2]


def test_fairshare_serves_the_owner_with_the_smaller_dominant_share() -> None:
    cpu = [one(number, owner="ada") for number in (1, 2, 3)]
    memory = [replace(one(number, owner="bob"), parts=[Part(number, "m", Resources(0.5, 32 * GIB), core=True)])
              for number in (4, 5)]  # fmt: skip
    snapshot = Snapshot(0.0, [node("a", 8)], [*cpu, *memory])
    # One of ada's is an eighth of the cores, one of bob's half of the memory.
    assert [app.id for app in FAIRSHARE.arrange(snapshot)] == [1, 4, 2, 3, 5]


def test_fairshare_remembers_what_was_held_lately() -> None:
    apps = [one(1, owner="ada"), one(2, owner="bob")]
    assert [app.id for app in FAIRSHARE.arrange(Snapshot(0.0, [node("a", 8)], apps, usage={"ada": 0.2}))] == [2, 1]


def test_fairshare_gives_higher_priorities_a_larger_share() -> None:
    apps = [one(n, owner="ada") for n in (1, 2, 3)] + [one(n, owner="bob", priority=1) for n in (4, 5, 6)]
    assert [app.id for app in FAIRSHARE.arrange(Snapshot(0.0, [node("a", 8)], apps))] == [1, 4, 5, 2, 6, 3]


def test_usage_halves_in_a_half_life_and_comes_to_one_for_who_holds_everything() -> None:
    usage = DecayedUsage(half_life=10.0)
    usage.add("ada", 1.0, -1e6, 0.0)
    assert usage.at(0.0)["ada"] == pytest.approx(1.0)
    assert usage.at(10.0)["ada"] == pytest.approx(0.5)


def test_usage_does_not_depend_on_the_order_of_counting() -> None:
    stretches = [(0.5, 0.0, 4.0), (1.0, 2.0, 9.0), (0.25, 1.0, 30.0)]
    means = []
    for order in (stretches, stretches[::-1]):
        usage = DecayedUsage(10.0)
        for share, since, until in order:
            usage.add("ada", share, since, until)
        means.append(usage.at(40.0)["ada"])
    assert means[0] == pytest.approx(means[1])


def choice(placement: Placement, nodes: Sequence[Node], reserved: Resources, image: str = "", id_: int = 1) -> str:
    part = Part(id_, "worker", reserved, core=True, image=image)
    return placement.choose(part, nodes, {machine.name: machine.total for machine in nodes}).name


def test_waterfill_takes_the_fullest_node_but_spares_gpus() -> None:
    nodes = [node("gpus", 1, gpus=1), node("large", 8), node("small", 2)]
    assert choice(WATERFILL, nodes, Resources(1, GIB)) == "small"
    assert choice(WATERFILL, nodes, Resources(1, GIB, 1)) == "gpus"


def test_image_prefers_the_node_that_has_it() -> None:
    nodes = [node("idle", 64), replace(node("busy", 4), images=frozenset({"spark"}))]
    assert choice(IMAGE, nodes, Resources(1, GIB), "spark") == "busy"
    assert choice(IMAGE, nodes, Resources(1, GIB), "other") == "idle"


def test_random_is_the_same_for_the_same_service_and_uses_all_nodes() -> None:
    nodes = [node(f"n{number}", 4) for number in range(4)]
    found = [choice(RANDOM, nodes, Resources(1), id_=number) for number in range(50)]
    assert found == [choice(RANDOM, nodes, Resources(1), id_=number) for number in range(50)]
    assert len(set(found)) == 4


def test_pack_keeps_an_execution_on_one_node_where_average_spreads_it() -> None:
    def used(placement: Placement) -> int:
        world = World([node("a", 4), node("b", 8), node("c", 4)], placement=placement)
        world.submit(application(1, [1, 1, 1], [1, 1]))
        world.settle()
        return len({part.node for part in world.apps[1].parts})

    assert (used(PACK), used(AVERAGE)) == (1, 3)


wishes = st.tuples(
    st.lists(st.sampled_from([0.5, 1, 2, 3]), min_size=1, max_size=3),
    st.lists(st.sampled_from([1, 2]), max_size=3),
    st.sampled_from([None, 2.0, 30.0]),
    st.integers(0, 20),
    st.integers(0, 2),
)


@pytest.mark.parametrize("policy", [SIZE, DYNSIZE, SRPT, HRRN, FAIRSHARE], ids=lambda policy: policy.name)
@settings(max_examples=15, deadline=None)
@given(apps=st.lists(wishes, min_size=2, max_size=9), data=st.data())
def test_under_every_policy_and_placement_every_plan_keeps_the_rules_and_all_start_in_the_end(
    policy: Policy, apps: list[tuple[list[float], list[float], float | None, int, int]], data: st.DataObject
) -> None:
    placement = data.draw(st.sampled_from([AVERAGE, WATERFILL, PACK, IMAGE, RANDOM]))
    world = World([node("a", 4), node("b", 3), node("c", 3)], policy=policy, placement=placement)
    for number, (core, elastic, lasts, size, priority) in enumerate(apps, 1):
        app = application(number, core, elastic, owner="ab"[number % 2], lasts=lasts)
        world.submit(replace(app, size=size, priority=priority))
        world.now += 1.0
        world.tick()
        if number % 3 == 0:
            world.gone()
    while world.apps:
        world.settle()
        world.now += 5.0
        world.end(world.running()[0])
    assert world.ever_started == set(range(1, len(apps) + 1))


@pytest.mark.parametrize("placement", [AVERAGE, WATERFILL, PACK, IMAGE, RANDOM])
def test_a_node_of_size_zero_holds_nothing_and_disturbs_no_placement(placement: Placement) -> None:
    nodes = [Node("void", Resources()), node("a", 2)]
    decided = plan(Snapshot(0.0, nodes, [application(1, [1], [1])]), FIFO, placement)
    assert [start.node for start in decided.starts] == ["a", "a"]
    assert not decided.complaints


@pytest.mark.parametrize("kind", [Average, Image, Pack, Waterfill])
@given(st.lists(st.tuples(st.floats(0, 64), st.integers(0, 64), st.integers(0, 8)), min_size=1, max_size=5))
def test_a_node_is_rated_alike_alone_and_among_others(
    kind: type[ScoringPlacement], found: list[tuple[float, int, int]]
) -> None:
    placement, part = (
        kind(NoSettings(), SITE),
        Part(1, "group", Resources(0.3, GIB), core=True, image="spark"),
    )
    nodes = [
        Node(f"n{number}", Resources(64, 64 * GIB, number % 2), images=frozenset({"spark"} if number % 3 else ()))
        for number in range(len(found))
    ]
    offers = [
        (node, Resources(cores, memory * GIB), beside)
        for node, (cores, memory, beside) in zip(nodes, found, strict=True)
    ]
    assert list(placement.scores(part, offers)) == [placement.score(part, *offer) for offer in offers]
