"""An execution whose services find each other on one node only is placed there whole, or waits."""

from msgspec.structs import replace

from tests.unit.scheduling_world import World, application, decide, node, placed, started, stopped


def test_what_would_fit_on_two_nodes_waits_for_one_and_is_told_why() -> None:
    busy = placed(application(1, [3]), "a")
    decided = decide([node("a", 4), node("b", 2)], busy, application(2, [1, 2], together=True))
    assert not decided.starts
    assert decided.waits[2].reason.startswith(
        "this execution (its 2 core services find each other on one node only) needs 3 cores on one node"
    )
    assert decided.waits[2].remedy == "it could start now if it needed 1 core less, or when execution 1 ends"


def test_the_core_starts_on_one_node_though_others_would_suit_its_parts() -> None:
    decided = decide([node("a", 1), node("b", 3)], application(2, [1, 2], together=True))
    assert {start.node for start in decided.starts} == {"b"}
    assert started(decided) == {200, 201}


def test_what_no_single_node_could_hold_is_told_to_be_impossible() -> None:
    wait = decide([node("a", 2), node("b", 2)], application(2, [2, 1], together=True)).waits[2]
    assert not wait.possible
    assert "find each other on one node only) needs 3 cores" in wait.reason
    assert "has 2 cores" in wait.reason


def test_elastic_services_follow_the_core_to_its_node_and_nowhere_else() -> None:
    world = World([node("a", 8), node("b", 3)])
    world.submit(placed(application(1, [6]), "a"))
    world.submit(application(2, [1], [1, 1, 1], together=True))
    world.settle()
    assert [part.node for part in world.apps[2].parts] == ["a", "a", None, None]


def test_elastic_services_of_one_node_are_taken_back_for_a_whole_core() -> None:
    elastic = placed(application(1, [1], [1, 1, 1]), "a", "a", "a", "a")
    other = placed(application(2, [1], [1, 1, 1]), "b", "b", "b", "b")
    decided = decide([node("a", 4), node("b", 4)], elastic, other, application(3, [1, 1], together=True))
    assert len({part // 100 for part in stopped(decided)}) == 1
    assert len(stopped(decided)) == 2


def test_a_core_service_that_lost_its_place_goes_back_beside_the_others() -> None:
    app = placed(application(1, [1, 1], together=True), "b")
    decided = decide([node("a", 4), node("b", 2)], replace(app, running=True))
    assert [(start.part, start.node) for start in decided.starts] == [(101, "b")]
