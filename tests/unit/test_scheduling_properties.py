"""The scheduler's invariants over random clusters, arrivals, ends and losses."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.scheduling_world import World, application, node
from zoe.scheduling.model import Application, Node, Quota

labels = st.sets(st.sampled_from("xy"), max_size=1)
machines = st.lists(
    st.builds(
        lambda cores, has, is_open, gpus: (cores, has, is_open, gpus),
        st.integers(0, 8), labels, st.sampled_from([True, True, True, False]), st.integers(0, 2),
    ),
    min_size=1, max_size=4,
)  # fmt: skip
wishes = st.fixed_dictionaries(
    {
        "core": st.lists(st.sampled_from([0.5, 1, 2, 3, 5]), min_size=1, max_size=3),
        "elastic": st.lists(st.sampled_from([0.5, 1, 2, 4]), max_size=3),
        "labels": labels.map(sorted),
        "owner": st.sampled_from(["ada", "bob"]),
        "opportunistic": st.sampled_from([False, False, False, True]),
        "lasts": st.sampled_from([None, 1.0, 5.0, 20.0]),
        "gpus": st.sampled_from([0, 0, 0, 1]),
        "together": st.sampled_from([False, False, True]),
    }
)
quotas = st.fixed_dictionaries(
    {}, optional={"bob": st.builds(Quota, st.integers(0, 3), st.sampled_from([0.0, 6.0, 9.0]))}
)
events = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), wishes),
        st.tuples(st.just("end"), st.integers(0, 9)),
        st.tuples(st.just("gone"), st.none()),
        st.tuples(st.just("wait"), st.floats(0, 10)),
        st.tuples(st.just("lose"), st.integers(0, 3)),
        st.tuples(st.just("close"), st.integers(0, 3)),
    ),
    max_size=25,
)


def cluster(machines: list[tuple[int, set[str], bool, int]]) -> list[Node]:
    return [node(f"n{i}", cores, *has, is_open=is_open, gpus=g) for i, (cores, has, is_open, g) in enumerate(machines)]


def live(world: World, happenings: list[tuple[str, Any]]) -> None:
    number = 0
    for what, how in happenings:
        if what == "submit":
            number += 1
            world.submit(application(number, how["core"], **{k: v for k, v in how.items() if k != "core"}))
        elif what == "end" and world.running():
            world.end(world.running()[how % len(world.running())])
        elif what == "gone":
            world.gone()
        elif what == "wait":
            world.now += how
        elif what == "lose" and len(world.nodes) > 1:
            world.lose(world.nodes[how % len(world.nodes)].name)
        elif what == "close":
            old = world.nodes[how % len(world.nodes)]
            new = Node(old.name, old.total, old.labels, not old.open)
            world.nodes = [new if machine is old else machine for machine in world.nodes]
        world.tick()


@settings(max_examples=150, deadline=None)
@given(machines, events, quotas)
def test_every_plan_keeps_the_rules_whatever_happens(
    machines: list[tuple[int, set[str], bool, int]], happenings: list[tuple[str, Any]], quotas: dict[str, Quota]
) -> None:
    world = World(cluster(machines), quotas=quotas)
    live(world, happenings)
    world.settle()


@settings(max_examples=100, deadline=None)
@given(machines, events, quotas)
def test_every_execution_that_can_start_does_as_long_as_others_end(
    machines: list[tuple[int, set[str], bool, int]], happenings: list[tuple[str, Any]], quotas: dict[str, Quota]
) -> None:
    world = World(cluster(machines), quotas=quotas)
    live(world, happenings)
    while True:
        world.settle()
        regular = [id_ for id_ in world.running() if not world.apps[id_].opportunistic]
        if not world.running():
            break
        world.end((regular or world.running())[0])
    decided = world.tick()
    assert all(_cannot(decided.waits[id_].reason) for id_ in world.apps), [w.reason for w in decided.waits.values()]


def _cannot(reason: str) -> bool:
    return "in all" in reason or "no node" in reason or "none has it" in reason or "disabled" in reason or (
        "even when it is empty" in reason or "alone needs more" in reason
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(machines, wishes, st.lists(wishes, min_size=1, max_size=8), st.sampled_from([None, 0.5, 3.0]))
def test_an_endless_stream_of_small_executions_never_starves_a_large_one(
    machines: list[tuple[int, set[str], bool, int]], large: Any, small: list[Any], lasts: float | None
) -> None:
    world = World(cluster(machines))
    number = 1000
    for wish in small:
        number += 1
        world.submit(_made(number, {**wish, "opportunistic": False}))
    world.tick()
    world.submit(_made(1, {**large, "opportunistic": False}))
    wait = world.tick().waits.get(1)
    if wait is None or _cannot(wait.reason):
        return
    for turn in range(60):
        if 1 in world.ever_started:
            return
        world.now += 1.0
        number += 1
        # They say that they last a moment, and last as long as others come: nobody may believe them for ever.
        world.submit(_made(number, {**small[turn % len(small)], "opportunistic": False, "lasts": lasts}))
        world.tick()
        world.gone()
        if world.running():
            world.end(min(world.running(), key=lambda id_: (world.apps[id_].started or 0.0, id_)))
    raise AssertionError("the large execution never started")


def _made(number: int, wish: Any) -> Application:
    return application(number, wish["core"], **{key: value for key, value in wish.items() if key != "core"})
