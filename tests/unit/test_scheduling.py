"""The rules of the scheduler, one by one, and its invariants over random clusters."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from zoe.scheduling.model import Application, Node, Part, Plan, Resources, Snapshot
from zoe.scheduling.plan import plan

GIB = 1 << 30


class Fifo:
    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        return sorted(applications, key=lambda application: (application.submitted, application.id))


class FirstFit:
    def choose(self, part: Part, candidates: Sequence[Node], free: Mapping[str, Resources]) -> Node:
        return candidates[0]


def node(name: str, cores: float, *labels: str, is_open: bool = True) -> Node:
    return Node(name, Resources(cores, 64 * GIB), frozenset(labels), is_open)


def application(
    id_: int, core: Sequence[float], elastic: Sequence[float] = (), *, labels: Sequence[str] = ()
) -> Application:
    parts = [
        Part(id_ * 100 + index, "part", Resources(cores, GIB), index < len(core), frozenset(labels))
        for index, cores in enumerate([*core, *elastic])
    ]
    return Application(id_, "ada", float(id_), 1, parts)


def placed(app: Application, *nodes: str) -> Application:
    parts = [replace(part, node=name) for part, name in zip(app.parts, nodes, strict=False)]
    return replace(app, parts=[*parts, *app.parts[len(nodes) :]], running=True)


def decide(nodes: Sequence[Node], *applications: Application) -> Plan:
    return plan(Snapshot(0.0, nodes, applications), Fifo(), FirstFit())


def started(decided: Plan) -> set[int]:
    return {start.part for start in decided.starts}


def test_core_services_start_all_or_none() -> None:
    assert not decide([node("a", 3)], application(1, [2, 2])).starts
    assert started(decide([node("a", 4)], application(1, [2, 2]))) == {100, 101}


def test_a_gang_may_span_nodes() -> None:
    assert {start.node for start in decide([node("a", 2), node("b", 2)], application(1, [2, 2])).starts} == {"a", "b"}


def test_an_execution_starts_although_its_elastic_services_do_not_fit_yet() -> None:
    assert started(decide([node("a", 3)], application(1, [2], [2]))) == {100}


def test_cores_of_later_executions_come_before_elastic_services_of_earlier_ones() -> None:
    assert started(decide([node("a", 4)], application(1, [2], [2]), application(2, [2]))) == {100, 200}


def test_elastic_services_get_what_is_left_in_policy_order() -> None:
    decided = decide([node("a", 4)], application(1, [1], [1, 1, 1]), application(2, [1], [1]))
    assert started(decided) == {100, 101, 102, 200}


def test_nothing_elastic_starts_while_an_execution_waits_for_its_core() -> None:
    decided = decide([node("a", 4)], placed(application(1, [1], [1]), "a"), application(2, [4]))
    assert not decided.starts


def test_an_execution_that_fits_no_node_delays_nobody_and_is_told_so() -> None:
    decided = decide([node("a", 4)], application(1, [5]), application(2, [1]))
    assert started(decided) == {200}
    assert not decided.waits[1].possible
    assert decided.waits[1].reason == (
        "part needs 5 cores and 1 GiB of memory on one node; "
        "the best node for it, a, has 4 cores and 64 GiB of memory in all"
    )


def test_a_gang_that_fits_one_by_one_but_never_together_delays_nobody() -> None:
    decided = decide([node("a", 4)], application(1, [3, 3]), application(2, [1]))
    assert started(decided) == {200}
    assert not decided.waits[1].possible


def test_those_behind_a_blocked_head_know_whom_they_wait_for() -> None:
    decided = decide([node("a", 4)], placed(application(1, [3]), "a"), application(2, [2]), application(3, [1]))
    assert not decided.starts
    assert decided.waits[2].behind is None
    assert "a has 1 core and 63 GiB of memory free; held by execution 1" in decided.waits[2].reason
    assert decided.waits[3].behind == 2


def test_labels_restrict_the_nodes() -> None:
    decided = decide([node("a", 8), node("b", 1, "gpu")], application(1, [1], labels=["gpu"]))
    assert [start.node for start in decided.starts] == ["b"]
    missing = decide([node("a", 8)], application(1, [1], labels=["gpu"]))
    assert missing.waits[1].reason == "part needs a node with label gpu; none has it"


def test_a_closed_node_gets_nothing_new() -> None:
    decided = decide([node("a", 8, is_open=False)], application(1, [1]))
    assert not decided.starts
    assert decided.waits[1].reason == "no node is available at the moment"


def test_what_runs_on_a_closed_or_forgotten_node_is_left_alone() -> None:
    running = placed(application(1, [2], [2]), "gone", "gone")
    assert started(decide([node("a", 8)], running, application(2, [8]))) == {200}


def test_a_core_service_that_lost_its_place_is_placed_again() -> None:
    half = placed(application(1, [1, 1]), "a")
    assert started(decide([node("a", 4)], half)) == {101}


labels = st.sets(st.sampled_from("xy"), max_size=1)
nodes = st.lists(st.tuples(st.integers(0, 8), labels, st.booleans()), max_size=4)
core_and_elastic = (st.lists(st.integers(0, 6), min_size=1, max_size=3), st.lists(st.integers(0, 4), max_size=3))
applications = st.lists(st.tuples(*core_and_elastic, labels), max_size=7)


@given(nodes, applications)
def test_no_plan_ever_overcommits_a_node_or_splits_a_gang(
    machines: list[tuple[int, set[str], bool]], wanted: list[tuple[list[int], list[int], set[str]]]
) -> None:
    cluster = [node(f"n{i}", cores, *has, is_open=is_open) for i, (cores, has, is_open) in enumerate(machines)]
    apps = [
        application(i + 1, core, elastic, labels=sorted(labels)) for i, (core, elastic, labels) in enumerate(wanted)
    ]
    decided = decide(cluster, *apps)
    parts = {part.id: part for app in apps for part in app.parts}
    for machine in cluster:
        mine = [parts[start.part] for start in decided.starts if start.node == machine.name]
        assert machine.open or not mine
        assert sum(part.reserved.cores for part in mine) <= machine.total.cores
        assert all(part.labels <= machine.labels for part in mine)
    for app in apps:
        core = [part.id in started(decided) for part in app.parts if part.core]
        assert all(core) or not any(core)
        assert all(core) != (app.id in decided.waits)
        assert len({start.part for start in decided.starts}) == len(decided.starts)


@given(nodes, applications)
def test_every_execution_that_can_start_does_so_in_the_end(
    machines: list[tuple[int, set[str], bool]], wanted: list[tuple[list[int], list[int], set[str]]]
) -> None:
    cluster = [node(f"n{i}", cores, *has, is_open=is_open) for i, (cores, has, is_open) in enumerate(machines)]
    waiting = [
        application(i + 1, core, elastic, labels=sorted(labels)) for i, (core, elastic, labels) in enumerate(wanted)
    ]
    while waiting:
        decided = decide(cluster, *waiting)
        served = {start.application for start in decided.starts}
        if not served:
            assert all(not decided.waits[app.id].possible for app in waiting)
            break
        waiting = [app for app in waiting if app.id not in served]  # they run, and end
