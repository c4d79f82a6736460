"""Executions over the API: submitting, looking, stopping, forgetting."""

import json
from collections.abc import Callable
from typing import Any

import pytest

World = Any
MakeZApp = Callable[..., dict[str, Any]]


def test_a_submission_is_stored_with_its_services_before_the_bell_rings(world: World) -> None:
    number = world.submit(name="first")
    found = world.get(f"/execution/{number}")
    assert found["status"] == "submitted"
    assert found["name"] == "first"
    assert found["time_submit"] == 1_700_000_000.5
    assert found["time_start"] is None
    assert found["description"]["services"][0]["name"] == "sleeper"
    assert world.rung == ["submission"]
    service = world.get(f"/service/{found['services'][0]}")
    assert service["name"] == "sleeper0"
    assert service["status"] == "created"
    assert service["backend_status"] == "undefined"
    assert service["description"]["image"] == "example.org/sleeper:1.0"
    assert service["essential"] is True


def test_everything_goes_through_one_execution_s_life(world: World) -> None:
    number = world.submit()
    assert list(world.get("/execution")) == [str(number)]
    assert world.ask("DELETE", f"/execution/delete/{number}").status == "400 Cannot delete an active execution"
    assert world.ask("DELETE", f"/execution/{number}").status_code == 204
    assert world.rows("SELECT stop_reason, status FROM execution") == [("stopped by admin", "submitted")]
    world.move(number, "terminated")
    assert world.ask("DELETE", f"/execution/{number}").status == "400 Execution is not running"
    assert world.ask("DELETE", f"/execution/delete/{number}").status_code == 204
    assert world.forgotten == [number]
    assert world.ask("GET", f"/execution/{number}").status == f"404 There is no execution {number}."
    assert world.rows("SELECT count(*) FROM service") == [(0,)]


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("number", ["7", "0", str(2**63 - 1), str(2**63), "9" * 5000, "-1", "x", "1_0", "%00"])
def test_an_unknown_execution_is_404_whatever_its_number(world: World, method: str, number: str) -> None:
    assert world.ask(method, f"/execution/{number}").status_code == 404


def test_a_list_of_a_limit_is_the_newest(world: World) -> None:
    numbers = [world.submit(name=f"n{index}") for index in range(5)]
    assert list(world.get("/execution?limit=2")) == [str(numbers[4]), str(numbers[3])]
    assert world.get("/execution?limit=0") == {}
    assert list(world.get("//execution//")) == [str(number) for number in reversed(numbers)]


def test_filters_are_all_met(world: World) -> None:
    first, second, third = (world.submit(name=name) for name in ("a", "b", "b"))
    world.rows("UPDATE execution SET time_submit = 10, time_start = 20, time_end = 30 WHERE id = %s", second)
    world.move(second, "terminated")

    def listed(query: str) -> list[int]:
        return sorted(map(int, world.get(f"/execution?{query}")))

    assert listed("name=b") == [second, third]
    assert listed("name=b&status=submitted") == [third]
    assert listed("earlier_than_submit=10.5") == [second]
    assert listed("later_than_submit=10.5&name=a") == [first]
    assert listed("later_than_start=19.5&earlier_than_start=20.5") == [second]
    assert listed("later_than_end=30") == []
    assert listed("earlier_than_end=31&status=terminated") == [second]
    assert listed(f"user_id={world.users['admin']}") == [first, second, third]
    assert listed(f"user_id={2**63 - 1}") == []


@pytest.mark.parametrize(
    "query",
    [
        "status=gone",
        "status=error&status=error",
        "limit=x",
        "limit=-1",
        "limit=1e99",
        "limit=",
        "user_id=x",
        f"user_id={2**63}",
        "earlier_than_end=nan",
        "later_than_start=inf",
        "later_than_submit=x",
        "name=%00",
        "colour=red",
    ],
)
def test_a_filter_of_the_wrong_kind_is_400_and_named(world: World, query: str) -> None:
    answer = world.ask("GET", "/execution", query_string=query)
    assert answer.status_code == 400
    assert [fault["path"] for fault in answer.json["errors"]] == [query.partition("=")[0]]


def test_who_waits_hears_how_many_wait_ahead_unless_the_scheduler_has_a_better_reason(world: World) -> None:
    first, second, third, fourth = (world.submit() for _ in range(4))
    world.rows("UPDATE execution SET status = 'queued', wait_reason = '2 cores short' WHERE id = %s", second)
    reasons = {int(number): one["wait_reason"] for number, one in world.get("/execution").items()}
    assert reasons[first] == "It is the next in the queue."
    assert reasons[second] == "2 cores short"
    assert reasons[third] == "2 executions wait ahead of it."
    world.move(first, "running")
    assert world.get(f"/execution/{first}")["wait_reason"] is None
    assert world.get(f"/execution/{fourth}")["wait_reason"] == "2 executions wait ahead of it."


def test_keys_that_mean_nothing_are_told_but_do_no_harm(world: World, make_zapp: MakeZApp) -> None:
    zapp = make_zapp(colour="red")
    answer = world.ask("POST", "/execution", json={"application": zapp, "name": "x"})
    assert answer.status_code == 201
    assert [warning["path"] for warning in answer.json["warnings"]] == ["colour"]
    checked = world.ask("POST", "/zapp_validate", None, json=zapp).json
    assert checked["validation"] == "ok"
    assert checked["warnings"] == answer.json["warnings"]


def test_an_invalid_zapp_is_refused_with_the_sentence_that_clients_compare(world: World, make_zapp: MakeZApp) -> None:
    zapp = make_zapp(size=-1)
    zapp["services"][0]["essential_count"] = 1.0
    for path, body in (("/zapp_validate", zapp), ("/execution", {"application": zapp, "name": "x"})):
        answer = world.ask("POST", path, json=body)
        assert answer.status == "400 Invalid application description"
        assert {fault["path"] for fault in answer.json["errors"]} == {"size", "services[0].essential_count"}
    assert world.rung == []


@pytest.mark.parametrize(
    "part", [{"network": "host"}, {"network": "lan"}, {"volumes": [{"name": "a", "path": "/etc"}]}]
)
def test_a_zapp_gets_at_no_path_or_network_that_the_administrator_did_not_allow(
    world: World, make_zapp: MakeZApp, part: dict[str, Any]
) -> None:
    zapp = make_zapp()
    zapp["services"][0] |= part
    assert world.ask("POST", "/zapp_validate", None, json=zapp).status == "400 Invalid application description"
    answer = world.ask("POST", "/execution", json={"application": zapp, "name": "x"})
    assert answer.status == "400 Invalid application description"


def test_json_in_an_environment_value_is_kept_as_it_is(world: World, make_zapp: MakeZApp) -> None:
    zapp = make_zapp()
    zapp["services"][0]["environment"] = [["OPTIONS", '{"a": {"b": [1]}} {unknown}']]
    answer = world.ask("POST", "/execution", json={"application": zapp, "name": "x"})
    kept = world.get(f"/execution/{answer.json['execution_id']}")["description"]
    assert kept["services"][0]["environment"] == [["OPTIONS", '{"a": {"b": [1]}} {unknown}']]


def test_a_zapp_type_makes_the_zapp(world: World) -> None:
    body = {"zapp_type": "sleep", "parameters": {"seconds": 7}, "name": "typed"}
    answer = world.ask("POST", "/execution", json=body)
    assert answer.status_code == 201
    found = world.get(f"/execution/{answer.json['execution_id']}")
    assert found["description"]["services"][0]["command"] == "sleep 7"
    assert found["zapp_type"] == "sleep"
    assert found["parameters"] == {"seconds": 7, "network": None}
    listed = world.get("/zapp_type")
    assert listed["sleep"]["summary"] == "Sleeps."
    assert "seconds" in listed["sleep"]["parameters"]["properties"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"zapp_type": "sleep", "parameters": {"seconds": 0}}, "parameters.seconds"),
        ({"zapp_type": "sleep", "parameters": {"seconds": [1]}}, "parameters.seconds"),
        ({"zapp_type": "none"}, "zapp_type"),
        ({"zapp_type": "sleep", "parameters": {"network": "host"}}, "services[0].network"),
        ({"zapp_type": "sleep", "parameters": {"network": "a\0"}}, "parameters.network"),
        ({"zapp_type": "sleep", "parameters": 7}, "parameters"),
        ({"zapp_type": "sleep", "application": {}}, "application"),
        ({}, "application"),
        ({"application": {}, "other": 1}, "other"),
    ],
)
def test_what_is_wrong_with_a_submission_is_named_by_path(world: World, body: dict[str, Any], path: str) -> None:
    answer = world.ask("POST", "/execution", json=body | {"name": "x"})
    assert answer.status_code == 400
    assert path in [fault["path"] for fault in answer.json["errors"]]


@pytest.mark.parametrize("name", ["", "x" * 129, "two\nlines", "bell\a", None, 7, "\ud800", "\0"])
def test_the_name_of_an_execution_is_1_to_128_printable_characters(
    world: World, make_zapp: MakeZApp, name: object
) -> None:
    body = json.dumps({"application": make_zapp(), "name": name}).encode()
    answer = world.ask("POST", "/execution", body=body)
    assert answer.status_code == 400
    assert [fault["path"] for fault in answer.json["errors"]] == ["name"]


def test_endpoints_are_those_of_active_services(world: World) -> None:
    number = world.submit()
    assert world.get(f"/execution/endpoints/{number}") == {"endpoints": []}
    world.rows("UPDATE service SET status = 'active', address = '127.1.2.3'")
    assert world.get(f"/execution/endpoints/{number}") == {"endpoints": [["Page", "http://127.1.2.3:8080/x", None]]}


def test_services_of_an_execution_find_each_other_without_signing_in(world: World) -> None:
    number = world.submit()
    path = f"/discovery/by_group/{number}/all"
    assert world.ask("GET", path, None).status_code == 401
    world.rows("UPDATE service SET status = 'active', address = '127.1.2.3'")
    inside = world.ask("GET", path, None, remote_addr="127.1.2.3")
    assert inside.json == {
        "service_type": "all",
        "execution_id": number,
        "dns_names": [f"sleeper0-{number}-testing"],
    }
    assert world.get(f"/discovery/by_group/{number}/sleeper")["dns_names"] == [f"sleeper0-{number}-testing"]
    assert world.ask("GET", f"/discovery/by_group/{number}/spark").status_code == 404


def test_the_statistics_count_what_zoe_decided(world: World) -> None:
    first, second, third = (world.submit() for _ in range(3))
    world.move(first, "running")
    world.move(second, "cleaning up")
    world.rows(
        "INSERT INTO node (name, cores, memory, gpus, labels, online, remarks, cores_in_use, memory_in_use, seen) "
        "VALUES ('one', 4, 8, 0, '[\"ssd\"]', true, '[]', 0.5, 3, 0)"
    )
    world.rows("UPDATE service SET status = 'active', node = 'one' WHERE execution_id = %s", first)
    found = world.get("/statistics/scheduler")
    assert (found["queue"], found["running_queue"], found["termination_queue"]) == ([third], [first], [second])
    assert (found["queue_length"], found["running_length"], found["termination_queue_length"]) == (1, 1, 1)
    stats = found["platform_stats"]
    assert (stats["container_count"], stats["cores_total"], stats["cores_reserved"]) == (1, 4, 1)
    assert (stats["memory_reserved"], stats["memory_in_use"]) == (2**30, 3)
    assert stats["nodes"][0]["labels"] == ["ssd"]
    assert world.get("/node")["one"]["status"] == "online"
    world.add_user("ada")
    assert world.get("/statistics/scheduler", "ada")["platform_stats"]["nodes"] == []


def test_the_history_begins_with_the_submission(world: World) -> None:
    number = world.submit()
    world.rows(
        "INSERT INTO event (execution_id, at, before, after, reason) VALUES (%s, 9, 'submitted', 'queued', 'new')",
        number,
    )
    told = world.get(f"/execution/{number}/events")["events"]
    assert [(one["before"], one["after"], one["reason"]) for one in told] == [
        (None, "submitted", None),
        ("submitted", "queued", "new"),
    ]


def test_an_unchanged_answer_is_304(world: World) -> None:
    number = world.submit()
    first = world.ask("GET", f"/execution/{number}")
    tag = first.headers["ETag"]
    again = world.ask("GET", f"/execution/{number}", headers={"If-None-Match": f'"x", W/{tag}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    world.move(number, "running")
    changed = world.ask("GET", f"/execution/{number}", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert first.headers["Content-Type"] == "application/json; charset=UTF-8"


def test_a_second_stop_keeps_the_first_one_s_reason(world: World) -> None:
    number = world.submit()
    world.add_user("operator", ("can_access_api", "can_operate_others"))
    assert world.ask("DELETE", f"/execution/{number}").status_code == 204
    assert world.ask("DELETE", f"/execution/{number}", "operator").status_code == 204
    assert world.rows("SELECT stop_reason FROM execution") == [("stopped by admin",)]
    assert world.rung == ["submission", "stop", "stop"]


def test_plugins_and_schema_and_info_are_told(world: World) -> None:
    assert world.get("/plugins")["policy fifo"]["in_use"] is True
    assert world.get("/zapp_schema", None)["title"].startswith("ZApp")
    told = world.get("/info", None)
    assert (told["api_version"], told["application_format_version"], told["deployment_name"]) == ("0.7", 3, "testing")
