"""The rules of the scheduler, one by one."""

from tests.unit.scheduling_world import application, decide, node, placed, started


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


def test_elastic_services_use_what_a_waiting_core_cannot_use_yet() -> None:
    decided = decide([node("a", 4)], placed(application(1, [2], [1]), "a"), application(2, [4]))
    assert started(decided) == {101}
    assert not decided.stops


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
    decided = decide([node("a", 4)], placed(application(1, [3]), "a"), application(2, [4]), application(3, [1]))
    assert not decided.starts
    assert decided.waits[2].behind is None
    assert decided.waits[2].reason == (
        "part needs 4 cores on one node; a has 1 core free, 3 cores are held by execution 1"
    )
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


def test_a_smaller_execution_starts_ahead_of_the_head_where_it_cannot_delay_it() -> None:
    decided = decide([node("a", 4)], placed(application(1, [3]), "a"), application(2, [2]), application(3, [1]))
    assert started(decided) == {300}
    assert 2 in decided.waits
