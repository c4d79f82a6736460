"""What a quota lets through, also when many ask at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

World = Any
MakeZApp = Callable[..., dict[str, Any]]
GIB = 2**30


def submit(world: World, zapp: dict[str, Any], username: str = "ada") -> str:
    return str(world.ask("POST", "/execution", username, json={"application": zapp, "name": "x"}).status)


def test_the_sentence_for_too_many_executions_is_the_one_that_clients_print(world: World, make_zapp: MakeZApp) -> None:
    world.add_user("ada", concurrent_executions=2)
    first = world.submit("ada")
    world.submit("ada")
    told = "409 You cannot run more than 2 executions at a time, quota exceeded."
    assert submit(world, make_zapp()) == told
    world.move(first, "error")
    assert submit(world, make_zapp()) == "201 Created"
    assert submit(world, make_zapp()) == told
    assert submit(world, make_zapp(), "admin") == "201 Created"


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"cores": 2.5}, "409 You cannot run more than 2.5 cores at a time, quota exceeded."),
        ({"memory": 2 * GIB}, "409 You cannot run more than 2 GiB of memory at a time, quota exceeded."),
    ],
)
def test_cores_and_memory_of_the_core_services_count(
    world: World, make_zapp: MakeZApp, limits: dict[str, Any], told: str
) -> None:
    world.add_user("ada", **limits)
    zapp = make_zapp()
    zapp["services"][0]["total_count"] = 100  # all but one are elastic, and do not count
    assert submit(world, zapp) == "201 Created"
    assert submit(world, zapp) == "201 Created"
    assert submit(world, zapp) == told
    zapp["services"][0]["essential_count"] = 3
    world.rows("UPDATE execution SET status = 'terminated'")
    assert submit(world, zapp) == told


def test_a_race_does_not_get_past_the_quota(world: World, make_zapp: MakeZApp) -> None:
    world.add_user("ada", concurrent_executions=5)
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: submit(world, make_zapp()), range(16)))
    assert sorted(status[:3] for status in told) == ["201"] * 5 + ["409"] * 11
    assert world.rows("SELECT count(*) FROM execution") == [(5,)]
    assert world.rung == ["submission"] * 5


def test_the_runtime_limit_is_written_in_seconds(world: World) -> None:
    world.add_user("ada", runtime_limit=1.5)
    world.submit("ada")
    assert world.rows("SELECT runtime_limit FROM execution") == [(5400.0,)]


def test_services_are_stored_in_startup_order_with_what_they_reserve(world: World, make_zapp: MakeZApp) -> None:
    zapp = make_zapp()
    late = zapp["services"][0] | {"name": "late", "startup_order": 5, "total_count": 2, "monitor": False}
    late["resources"] = {"memory": {"min": None, "max": 7}, "cores": {"min": None, "max": 2}, "gpus": 1}
    zapp["services"].insert(0, late)
    assert submit(world, zapp, "admin") == "201 Created"
    columns = "name, service_group, essential, startup_order, cores, memory, gpus"
    assert world.rows(f"SELECT {columns} FROM service ORDER BY id") == [
        ("sleeper0", "sleeper", True, 0, 1.0, GIB, 0),
        ("late0", "late", True, 5, 0.1, 7, 1),
        ("late1", "late", False, 5, 0.1, 7, 1),
    ]
