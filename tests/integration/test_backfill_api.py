"""What the API tells of backfill, and of Zoe itself to Prometheus."""

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

World = Any

BOOK = """
INSERT INTO backfill (name, terms, note, paused_until) VALUES ('science', '{"share": 0.5}', 'it failed', 17e8);
INSERT INTO backfill_day (name, day, core_seconds, done, failed, made_room)
VALUES ('science', '2026-01-01', 3600, 2, 1, 0), ('science', '2026-01-02', 1800, 1, 0, 4);
"""


def metrics(world: World, username: str | None = "admin") -> Any:
    headers = {"Authorization": f"Bearer {world.tokens[username]}"} if username else {}
    return world.client.simulate_get("/metrics", headers=headers)


def samples(world: World) -> dict[tuple[str, ...], float]:
    """Return what Prometheus would store: value by name and labels."""
    answer = metrics(world)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for one in family.samples:
            found[one.name, *one.labels.values()] = one.value
    return found


def test_a_backfill_is_told_with_terms_state_and_books(world: World) -> None:
    world.rows(BOOK)
    world.submit()
    world.rows("UPDATE execution SET opportunistic = true, backfill = 'science', status = 'running'")
    told = world.get("/backfill")["science"]
    assert (told["core_hours"], told["done"], told["failed"], told["made_room"]) == (1.5, 3, 1, 4)
    assert [day["day"] for day in told["days"]] == ["2026-01-01", "2026-01-02"]
    assert (told["in_use"], told["terms"]["share"], told["note"]) == (True, 0.5, "it failed")
    assert (told["running"], told["waiting"], told["paused_until"]) == (1, 0, 17e8)


def test_opportunistic_executions_of_users_stand_under_a_name_of_their_own(world: World) -> None:
    world.submit()
    world.rows("UPDATE execution SET opportunistic = true")
    told = world.get("/backfill")
    assert list(told) == ["(users)"]
    assert (told["(users)"]["waiting"], told["(users)"]["in_use"]) == (1, False)


def test_who_may_use_the_api_may_see_what_backfill_does(world: World) -> None:
    world.add_user("ada")
    assert world.get("/backfill", "ada") == {}
    assert world.ask("GET", "/backfill", None).status_code == 401


def test_metrics_are_for_those_who_may_see_the_status_and_for_nobody_else(world: World) -> None:
    world.add_user("ada")
    world.add_user("prometheus", ("can_access_api", "can_see_status"))
    assert metrics(world, None).status_code == 401
    assert metrics(world, "ada").status_code == 403
    assert metrics(world, "prometheus").status_code == 200


def test_metrics_tell_of_executions_platform_and_backfill(world: World) -> None:
    world.rows(BOOK)
    world.rows(
        "INSERT INTO node (name, cores, memory, gpus, labels, online, remarks, seen) "
        "VALUES ('n1', 8, 1024, 0, '[]', true, '[]', 0), ('n2', 4, 512, 0, '[]', false, '[]', 0)"
    )
    running = world.submit()
    world.move(running, "running")
    world.rows("UPDATE service SET node = 'n1', status = 'active'")
    world.submit()
    found = samples(world)
    assert found["zoe_executions", "running"] == 1
    assert found["zoe_executions", "starting"] == 0
    assert found["zoe_queue_length",] == 1
    assert (found["zoe_cores_capacity",], found["zoe_cores_reserved",]) == (8, 1)
    assert (found["zoe_memory_bytes_capacity",], found["zoe_memory_bytes_reserved",]) == (1024, 2**30)
    assert (found["zoe_nodes", "online"], found["zoe_nodes", "offline"]) == (1, 1)
    assert found["zoe_backfill_core_hours_total", "science"] == 1.5
    assert found["zoe_backfill_tasks_total", "science", "made_room"] == 4


def test_metrics_count_requests_by_template_so_that_strangers_cannot_make_up_names(world: World) -> None:
    world.get("/execution")
    for path in ("/execution/41", "/execution/42"):
        assert world.ask("GET", path).status_code == 404
    world.client.simulate_get("/made/up/by/a/stranger")
    world.collaborators.metrics.ticked(0.25)
    found = samples(world)
    count = "zoe_api_request_seconds_count"
    assert found[count, "GET", "/api/0.7/execution", "200"] == 1
    assert found[count, "GET", "/api/0.7/execution/{execution_id:id}", "404"] == 2
    assert not [key for key in found if "stranger" in str(key)]
    assert (found["zoe_tick_seconds_count",], found["zoe_tick_seconds_sum",]) == (1, 0.25)
