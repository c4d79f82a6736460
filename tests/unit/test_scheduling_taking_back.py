"""Elastic services give way to a waiting core, and opportunistic executions to everybody."""

import pytest
from msgspec.structs import replace

from tests.unit.scheduling_world import World, application, decide, leaving, node, placed, started, stopped


def test_elastic_services_are_taken_back_for_a_waiting_core_and_it_starts_when_they_are_gone() -> None:
    hog = placed(application(1, [1], [1, 1, 1]), "a", "a", "a", "a")
    decided = decide([node("a", 4)], hog, application(2, [1]))
    assert stopped(decided) == {103}
    assert decided.stops[0].reason == "execution 2 needs the room for its core services"
    assert not decided.starts
    gone = replace(hog, parts=[*hog.parts[:3], replace(hog.parts[3], node=None)])
    assert started(decide([node("a", 4)], gone, application(2, [1]))) == {200}


def test_room_that_is_on_its_way_is_neither_taken_twice_nor_given_to_others() -> None:
    hog = placed(application(1, [1], [1, 1, 1]), "a", "a", "a", "a")
    decided = decide([node("a", 4)], leaving(hog, 103), application(2, [1]))
    assert not decided.stops
    assert not decided.starts
    half = leaving(replace(hog, parts=[*hog.parts[:3], replace(hog.parts[3], node=None)]), 102)
    decided = decide([node("a", 4)], half, application(2, [2]), application(3, [1]))
    assert stopped(decided) == {101}  # for execution 3: what is free and what leaves is kept for execution 2
    assert not decided.starts


def test_those_that_come_last_in_policy_order_give_first() -> None:
    first, last = placed(application(1, [1], [1]), "a", "a"), placed(application(2, [1], [1]), "a", "a")
    assert stopped(decide([node("a", 4)], last, first, application(3, [1]))) == {201}


def test_no_more_is_taken_than_needed() -> None:
    many = placed(application(1, [1], [1, 1, 1, 1]), "a", "a", "a", "a", "a")
    large = placed(application(2, [1], [4]), "b", "b")
    decided = decide([node("a", 5), node("b", 5)], many, large, application(3, [4]))
    assert stopped(decided) == {201}
    assert stopped(decide([node("a", 5), node("b", 5)], large, many, application(3, [2]))) == {201}


def test_a_small_service_is_spared_if_a_larger_one_that_must_go_is_enough() -> None:
    last, earlier = placed(application(2, [1], [1]), "a", "a"), placed(application(1, [1], [4]), "a", "a")
    assert stopped(decide([node("a", 7)], earlier, last, application(3, [4]))) == {101}


def test_services_are_taken_back_only_on_nodes_that_help() -> None:
    other = placed(application(2, [1], [1, 1]), "b", "b", "b")
    wanted = placed(application(1, [1], [1, 1]), "a", "a", "a")
    nodes = [node("a", 3, "gpu"), node("b", 3)]
    assert stopped(decide(nodes, wanted, other, application(3, [2], labels=["gpu"]))) == {101, 102}


def test_nothing_is_taken_back_if_it_would_not_be_enough() -> None:
    decided = decide([node("a", 4)], placed(application(1, [2], [1]), "a", "a"), application(2, [3]))
    assert not decided.stops


def test_a_core_service_is_never_taken_back() -> None:
    world = World([node("a", 8), node("b", 8)])
    world.submit(application(1, [2, 2], [2, 2, 2, 2]))
    world.settle()
    for number in range(2, 8):
        world.submit(application(number, [2], [2]))
        world.settle()
    assert len(world.running()) == 7
    assert [part.node is not None for part in world.apps[1].parts[:2]] == [True, True]


def test_elastic_services_are_given_again_when_there_is_room() -> None:
    world = World([node("a", 4)])
    world.submit(application(1, [1], [1, 1, 1]))
    world.settle()
    world.submit(application(2, [2]))
    world.settle()
    assert [part.node for part in world.apps[1].parts] == ["a", "a", None, None]
    world.end(2)
    world.settle()
    assert [part.node for part in world.apps[1].parts] == ["a", "a", "a", "a"]


def test_a_gang_is_found_room_for_even_if_the_placement_scattered_its_parts() -> None:
    # 3, 3 | 2, 2, 2 fit on two nodes of six cores; whoever spreads them ends with two cores on each and one part left.
    decided = decide([node("a", 6), node("b", 6)], application(1, [3, 3, 2, 2, 2]))
    assert len(decided.starts) == 5


def test_a_core_that_lost_its_node_takes_the_room_of_its_own_elastic_services() -> None:
    half = placed(application(1, [2, 2], [2]), "a")
    half = replace(half, parts=[half.parts[0], half.parts[1], replace(half.parts[2], node="a")])
    assert stopped(decide([node("a", 4)], half)) == {102}


def test_an_opportunistic_execution_leaves_whole_and_goes_back_to_the_queue() -> None:
    guest = placed(application(1, [1, 1], [1], opportunistic=True), "a", "b", "b")
    decided = decide([node("a", 2), node("b", 2)], guest, application(2, [2]))
    assert stopped(decided) == {100, 101, 102}
    assert all(stop.requeue for stop in decided.stops)
    assert not decided.starts


def test_an_opportunistic_execution_leaves_before_any_elastic_service() -> None:
    guest = placed(application(2, [2], opportunistic=True), "b")
    nodes = [node("a", 2), node("b", 2)]
    assert stopped(decide(nodes, placed(application(1, [1], [1]), "a", "a"), guest, application(3, [1]))) == {200}


def test_an_opportunistic_execution_leaves_for_an_elastic_service_too() -> None:
    guest = placed(application(1, [2], opportunistic=True), "a")
    decided = decide([node("a", 4)], guest, placed(application(2, [2], [1]), "a"))
    assert stopped(decided) == {100}
    assert decided.stops[0].reason == "execution 2 needs the room for an elastic service"


def test_an_opportunistic_execution_gets_the_rest() -> None:
    decided = decide([node("a", 4)], application(1, [1], opportunistic=True), application(2, [2], [1]))
    assert started(decided) == {100, 200, 201}


def test_an_opportunistic_execution_does_not_come_back_before_it_is_gone() -> None:
    going = leaving(placed(application(1, [1, 1], opportunistic=True), "a"), 100)
    assert not decide([node("a", 4)], going).starts


def test_small_executions_may_pass_the_head_only_if_history_says_that_they_end_in_time() -> None:
    running = placed(application(1, [3], lasts=100), "a", started=0.0)
    head = application(2, [4], lasts=100)
    assert started(decide([node("a", 4)], running, head, application(3, [1], lasts=50))) == {300}
    assert not decide([node("a", 4)], running, head, application(3, [1], lasts=200)).starts
    assert not decide([node("a", 4)], running, head, application(3, [1])).starts


def test_the_head_keeps_a_place_on_a_node_and_others_may_have_the_rest() -> None:
    nodes = [node("a", 4), node("b", 4)]
    old, new = placed(application(1, [3]), "a", started=1.0), placed(application(2, [3]), "b", started=2.0)
    decided = decide(nodes, old, new, application(3, [4]), application(4, [1]), application(5, [1]))
    assert [(start.part, start.node) for start in decided.starts] == [(400, "b")]  # "a" is free first
    assert decided.waits[5].behind == 3


@pytest.mark.parametrize("cores", [0.1, 1 / 3, 0.7])
def test_fractions_of_cores_add_up(cores: float) -> None:
    count = round(2.1 / cores)
    decided = decide([node("a", count * cores)], application(1, [cores] * count))
    assert len(decided.starts) == count


def test_what_passes_the_head_counts_against_what_others_may_still_have() -> None:
    running = placed(application(1, [4]), "a", started=0.0)
    decided = decide([node("a", 6)], running, application(2, [5]), application(3, [1]), application(4, [1]))
    assert started(decided) == {300}  # with execution 4 too, one core of the five would be missing


def test_an_opportunistic_execution_that_leaves_gets_nothing_more_meanwhile() -> None:
    guest = placed(application(1, [2], [1], opportunistic=True), "a")
    decided = decide([node("a", 2), node("b", 1)], guest, application(2, [2]))
    assert stopped(decided) == {100}
    assert not decided.starts


def test_room_that_an_elastic_service_waits_for_goes_to_no_opportunistic_execution() -> None:
    going = leaving(placed(application(1, [2], opportunistic=True), "a"), 100)
    running = placed(application(2, [1], [3]), "a")
    decided = decide([node("a", 4)], going, running, application(3, [1], opportunistic=True))
    assert not decided.starts
    assert not decided.stops
