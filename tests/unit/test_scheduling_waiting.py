"""What a person who waits is told; quotas; and what is done about plugins that do wrong."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat

import pytest
from msgspec.structs import replace

from tests.unit.scheduling_world import GIB, Fifo, FirstFit, World, application, decide, node, placed, started, stopped
from zoe.scheduling.guard import TakesTooLongError
from zoe.scheduling.model import Application, Estimate, Node, Offer, Part, Plan, Quota, Resources, Score, Snapshot
from zoe.scheduling.plan import plan


def test_the_reason_names_what_is_short_the_best_node_and_who_holds_it() -> None:
    nodes = [node("node1", 32), node("node7", 15, "gpu")]
    running = [placed(application(41, [6], labels=["gpu"]), "node7"), placed(application(57, [6]), "node7")]
    wait = decide(nodes, *running, application(60, [8], labels=["gpu"])).waits[60]
    assert wait.reason == (
        "part needs 8 cores on a node with label gpu; node7 has 3 cores free, 12 cores are held by executions 41 and 57"
    )
    assert (wait.position, wait.possible, wait.behind) == (1, True, None)
    assert wait.remedy == "it could start now if part needed 5 cores less, or when execution 41 ends"


def test_memory_and_gpus_are_named_where_they_are_short() -> None:
    app = application(2, [1], gpus=1)
    running = placed(application(1, [1], gpus=2), "a")
    assert decide([node("a", 8, gpus=2)], running, app).waits[2].reason == (
        "part needs 1 GPU on one node; a has none free, 2 GPUs are held by execution 1"
    )
    big = replace(app, parts=[replace(app.parts[0], reserved=Resources(1, 64 * GIB))])
    assert "needs 64 GiB of memory on one node; a has 63 GiB of memory free, 1 GiB of memory is held" in (
        decide([node("a", 8, gpus=2)], running, big).waits[2].reason
    )


def test_positions_follow_the_order_of_the_queue() -> None:
    waits = decide([node("a", 1)], placed(application(1, [1]), "a"), *[application(n, [1]) for n in (4, 2, 3)]).waits
    assert [(id_, wait.position) for id_, wait in waits.items()] == [(2, 1), (3, 2), (4, 3)]


def test_history_tells_when_somebody_may_expect_to_start() -> None:
    running = replace(placed(application(1, [4]), "a", started=-10.0), expected=Estimate(100.0, 60.0, 200.0))
    waits = decide(
        [node("a", 4)], running, application(2, [4], lasts=30), application(3, [4]), application(4, [4])
    ).waits
    assert waits[2].start == Estimate(90.0, 50.0, 190.0)
    assert waits[3].start == Estimate(120.0, 80.0, 220.0)
    assert waits[4].start is None  # nobody knows how long execution 3 takes


def test_without_history_no_start_is_promised() -> None:
    assert decide([node("a", 4)], placed(application(1, [4]), "a"), application(2, [4])).waits[2].start is None


def test_whoever_waits_for_a_closed_node_is_told_so_and_delays_nobody() -> None:
    decided = decide([node("a", 8, is_open=False), node("b", 2)], application(1, [4]), application(2, [2]))
    assert decided.waits[1].possible
    assert decided.waits[1].reason == "it needs nodes that are disabled or offline at the moment (a)"
    assert started(decided) == {200}


def test_one_that_no_node_can_ever_hold_is_told_so_even_behind_a_head() -> None:
    decided = decide([node("a", 4)], placed(application(1, [4]), "a"), application(2, [1]), application(3, [9]))
    assert not decided.waits[3].possible


def test_whoever_waits_for_others_to_leave_is_told_so() -> None:
    decided = decide([node("a", 2)], placed(application(1, [1], [1]), "a", "a"), application(2, [1]))
    assert decided.waits[2].reason == "room is being made for it: it starts as soon as other services have stopped"


def test_waits_may_be_read_after_the_next_pass() -> None:
    world = World([node("a", 1)])
    world.submit(application(1, [1]))
    world.submit(application(2, [1]))
    before = world.tick().waits
    world.end(1)
    world.tick()
    world.nodes = []
    world.tick()
    assert "held by execution 1" in before[2].reason


def test_a_quota_holds_its_owners_executions_and_nobody_elses() -> None:
    mine = [placed(application(1, [1]), "a"), application(2, [1])]
    decided = decide([node("a", 8)], *mine, application(3, [1], owner="bob"), quotas={"ada": Quota(executions=1)})
    assert started(decided) == {300}
    assert decided.waits[2].reason == "the quota of ada allows 1 running execution at a time, and that is used up"


@pytest.mark.parametrize(
    ("quota", "words"), [(Quota(cores=3), "3 cores"), (Quota(memory=GIB), "1 GiB of memory"), (Quota(2, 3, GIB), "3 c")]
)
def test_a_quota_on_cores_and_memory_counts_what_runs(quota: Quota, words: str) -> None:
    mine = [placed(application(1, [2]), "a"), application(2, [2])]
    assert f"allows {words}" in decide([node("a", 8)], *mine, quotas={"ada": quota}).waits[2].reason


def test_elastic_services_stay_within_the_quota_and_make_way_in_it_for_their_owners_next_core() -> None:
    decided = decide([node("a", 8)], application(1, [1], [1, 1, 1, 1]), quotas={"ada": Quota(cores=3)})
    assert started(decided) == {100, 101, 102}
    running = placed(application(1, [1], [1, 1]), "a", "a", "a")
    decided = decide([node("a", 8)], running, application(2, [1]), quotas={"ada": Quota(cores=3)})
    assert stopped(decided) == {102}
    assert not decided.starts


def test_an_execution_larger_than_its_owners_quota_is_told_that_it_never_starts() -> None:
    wait = decide([node("a", 8)], application(1, [4]), quotas={"ada": Quota(cores=3)}).waits[1]
    assert (wait.possible, "alone needs more" in wait.reason) == (False, True)


class Policy:
    name = "strange"

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer(list(applications))  # type: ignore[operator, no-any-return]


def endless(applications: list[Application]) -> Iterator[Application]:
    return repeat(applications[0])


RUNNING, WAITING = placed(application(1, [1], [1]), "a", "a"), application(2, [1])


@pytest.mark.parametrize(
    "answer",
    [
        RuntimeError("no idea"),
        TakesTooLongError(),
        lambda applications: applications[:1],
        lambda applications: [*applications, applications[0]],
        lambda applications: [application(9, [1]), *applications[1:]],
        lambda applications: None,
        lambda applications: ["nonsense"],
        lambda applications: [replace(applications[0], id=[])],
        endless,
    ],
)
def test_a_policy_that_does_wrong_is_named_and_fifo_takes_over(answer: object) -> None:
    snapshot = Snapshot(0.0, [node("a", 4)], [WAITING, RUNNING])
    decided = plan(snapshot, Policy(answer), FirstFit())
    fifo = plan(snapshot, Fifo(), FirstFit())
    assert (decided.starts, decided.stops) == (fifo.starts, fifo.stops)
    assert len(decided.complaints) == 1
    assert "policy strange" in decided.complaints[0]
    assert "FIFO takes over for this pass" in decided.complaints[0]


def test_a_policy_that_changes_its_list_changes_nobody_elses() -> None:
    apps = [application(1, [1]), application(2, [1])]
    plan(Snapshot(0.0, [node("a", 4)], apps), Policy(lambda given: given.clear() or []), FirstFit())
    assert [app.id for app in apps] == [1, 2]


class Placement:
    name = "odd"

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def choose(self, part: Part, candidates: Sequence[Node], free: Mapping[str, Resources]) -> Node:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer  # type: ignore[return-value]


@pytest.mark.parametrize("answer", [RuntimeError("no idea"), TakesTooLongError(), None, "a", node("full", 8)])
def test_a_placement_that_does_wrong_is_named_and_the_first_candidate_is_taken(answer: object) -> None:
    nodes = [node("full", 0), node("a", 1), node("b", 1)]
    decided = plan(Snapshot(0.0, nodes, [application(1, [1]), application(2, [1])]), Fifo(), Placement(answer))
    assert [start.node for start in decided.starts] == ["a", "b"]
    assert len(decided.complaints) == 1
    assert "placement odd" in decided.complaints[0]


class Scores(Placement):
    def scores(self, part: Part, offers: Sequence[Offer]) -> Sequence[Score]:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return [self.answer] * len(offers)  # type: ignore[list-item]

    def score(self, part: Part, node: Node, free: Resources, beside: int) -> Score:
        return self.scores(part, [(node, free, beside)])[0]


@pytest.mark.parametrize("answer", [RuntimeError("no idea"), None, ("many",)])
def test_a_score_that_is_none_is_named_and_the_first_candidate_is_taken(answer: object) -> None:
    decided = plan(Snapshot(0.0, [node("a", 1), node("b", 1)], [application(1, [1])]), Fifo(), Scores(answer))
    assert [start.node for start in decided.starts] == ["a"]
    assert len(decided.complaints) == 1


class TooFew(Scores):
    def scores(self, part: Part, offers: Sequence[Offer]) -> Sequence[Score]:
        return super().scores(part, offers)[1:]


class OnlyMany:
    def choose(self, part: Part, candidates: Sequence[Node], free: Mapping[str, Resources]) -> Node:
        return candidates[-1]

    def scores(self, part: Part, offers: Sequence[Offer]) -> Sequence[Score]:
        return [0.0] * len(offers)


def test_a_placement_that_rates_many_nodes_and_no_single_one_is_asked_to_choose() -> None:
    decided = plan(Snapshot(0.0, [node("a", 1), node("b", 1)], [application(1, [1])]), Fifo(), OnlyMany())
    assert [start.node for start in decided.starts] == ["b"]
    assert not decided.complaints


def test_a_placement_that_rates_fewer_nodes_than_it_was_given_is_named() -> None:
    decided = plan(Snapshot(0.0, [node("a", 1), node("b", 1)], [application(1, [1])]), Fifo(), TooFew((1.0,)))
    assert [start.node for start in decided.starts] == ["a"]
    assert len(decided.complaints) == 1


def test_an_empty_cluster_and_an_empty_queue_give_an_empty_plan() -> None:
    decided: Plan = decide([])
    assert (decided.starts, decided.stops, dict(decided.waits), decided.complaints) == ([], [], {}, [])
    assert not decide([], application(1, [1])).waits[1].possible


def test_a_forecast_counts_an_execution_that_gets_a_lost_core_service_back() -> None:
    half = placed(application(1, [1, 1]), "a", started=0.0)
    decided = decide([node("a", 2)], half, application(2, [1]))
    assert started(decided) == {101}
    assert decided.waits[2].start is None
