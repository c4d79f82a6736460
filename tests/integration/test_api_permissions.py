"""Every route and every permission: who gets in, and who hears 401 or 403 before anything else is looked at."""

from typing import Any

import pytest

World = Any

ANYONE = [("GET", "/info"), ("POST", "/zapp_validate"), ("GET", "/zapp_schema"), ("GET", "/openapi.json")]
SIGNED_IN = [
    ("GET", "/login"),
    ("GET", "/role"),
    ("GET", "/role/{role}"),
    ("GET", "/quota"),
    ("GET", "/quota/{quota}"),
    ("GET", "/user/{self}"),
    ("POST", "/user/{self}"),
]
API = [
    ("GET", "/execution"),
    ("POST", "/execution"),
    ("GET", "/statistics/scheduler"),
    ("GET", "/backfill"),
    ("GET", "/zapp_type"),
    ("GET", "/plugins"),
    ("GET", "/token"),
    ("POST", "/token"),
    ("DELETE", "/token/1"),
    ("PUT", "/workspace/words.txt"),
]
OWNER = [
    ("GET", "/execution/{execution}"),
    ("DELETE", "/execution/{execution}"),
    ("GET", "/execution/endpoints/{execution}"),
    ("GET", "/execution/{execution}/events"),
    ("POST", "/execution/{execution}/extend"),
    ("GET", "/service/{service}"),
    ("GET", "/service/logs/{service}"),
    ("GET", "/discovery/by_group/{execution}/all"),
]
DELETE_EXECUTIONS = [("DELETE", "/execution/delete/{execution}")]
SEE_STATUS = [("GET", "/node")]
CHANGE_CONFIG = [
    ("GET", "/user"),
    ("POST", "/user"),
    ("GET", "/user/{admin}"),
    ("POST", "/user/{admin}"),
    ("DELETE", "/user/{admin}"),
    ("POST", "/role"),
    ("POST", "/role/{role}"),
    ("DELETE", "/role/{role}"),
    ("POST", "/quota"),
    ("POST", "/quota/{quota}"),
    ("DELETE", "/quota/{quota}"),
]
GUARDED = SIGNED_IN + API + OWNER + DELETE_EXECUTIONS + SEE_STATUS + CHANGE_CONFIG


@pytest.fixture
def stage(world: World) -> World:
    """A world with an execution of `owner`, a log, and users of many roles."""
    world.add_user("owner")
    world.add_user("stranger")
    world.add_user("nobody", ())
    world.number = world.submit("owner")
    world.service = world.get(f"/execution/{world.number}")["services"][0]
    world.log_lines[world.service] = [b"2024-01-01 00:00:00 line\n"]
    return world


def code(stage: World, route: tuple[str, str], username: str | None) -> int:
    """Ask; the body is broken on purpose, so that 400 says: came in."""
    method, path = route
    role, quota = stage.rows("SELECT role_id, quota_id FROM account WHERE username = 'admin'")[0]
    numbers = {"execution": stage.number, "service": stage.service, "role": role, "quota": quota}
    numbers |= {"self": stage.users.get(username, 0), "admin": stage.users["admin"]}
    # Where the body is read before it is known whose the execution is, it has to be in order.
    sent = b'{"hours": 1}' if path.endswith("/extend") else b"{}" if "/user/" in path else b"{broken"
    body = None if method in {"GET", "DELETE"} else sent
    return int(stage.ask(method, path.format(**numbers), username, body=body).status_code)


def came_in(answer: int) -> bool:
    return answer in {200, 201, 204, 400, 404}


@pytest.mark.parametrize("route", ANYONE)
def test_some_routes_are_for_anyone(stage: World, route: tuple[str, str]) -> None:
    assert came_in(code(stage, route, None))


@pytest.mark.parametrize("route", GUARDED)
def test_who_is_not_signed_in_hears_401_before_the_body_is_looked_at(stage: World, route: tuple[str, str]) -> None:
    assert code(stage, route, None) == 401


@pytest.mark.parametrize("route", SIGNED_IN)
def test_whoever_is_signed_in_sees_roles_quotas_and_the_own_account(stage: World, route: tuple[str, str]) -> None:
    assert came_in(code(stage, route, "nobody"))


@pytest.mark.parametrize("route", API + OWNER)
def test_the_api_needs_the_permission_to_use_it(stage: World, route: tuple[str, str]) -> None:
    assert code(stage, route, "nobody") == 403


@pytest.mark.parametrize("route", API)
def test_users_of_the_api_may_work_with_it(stage: World, route: tuple[str, str]) -> None:
    assert came_in(code(stage, route, "stranger"))


@pytest.mark.parametrize("route", OWNER)
def test_an_execution_is_for_its_owner_and_those_who_operate_others(stage: World, route: tuple[str, str]) -> None:
    stage.add_user("operator", ("can_access_api", "can_operate_others"))
    assert came_in(code(stage, route, "owner"))
    assert came_in(code(stage, route, "operator"))
    assert code(stage, route, "stranger") == 403


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        (("can_access_api",), 403),
        (("can_access_api", "can_delete_executions"), 403),
        (("can_access_api", "can_operate_others"), 403),
        (("can_delete_executions", "can_operate_others"), 403),
        (("can_access_api", "can_delete_executions", "can_operate_others"), 204),
    ],
)
def test_forgetting_others_executions_needs_both_permissions(
    stage: World, permissions: tuple[str, ...], expected: int
) -> None:
    stage.add_user("cleaner", permissions)
    stage.move(stage.number, "error")
    assert code(stage, DELETE_EXECUTIONS[0], "cleaner") == expected


def test_forgetting_the_own_execution_needs_the_permission(stage: World) -> None:
    stage.move(stage.number, "terminated")
    assert code(stage, DELETE_EXECUTIONS[0], "owner") == 403
    stage.rows("UPDATE role SET can_delete_executions = true WHERE name = 'owner'")
    assert code(stage, DELETE_EXECUTIONS[0], "owner") == 204


def test_nodes_are_for_those_who_see_the_status(stage: World) -> None:
    stage.add_user("watcher", ("can_access_api", "can_see_status"))
    assert code(stage, ("GET", "/node"), "stranger") == 403
    assert code(stage, ("GET", "/node"), "watcher") == 200


@pytest.mark.parametrize("route", CHANGE_CONFIG)
def test_the_configuration_is_for_those_who_may_change_it(stage: World, route: tuple[str, str]) -> None:
    every_other = ("can_access_api", "can_see_status", "can_operate_others", "can_delete_executions")
    stage.add_user("almost", every_other)
    stage.add_user("chief", ("can_access_api", "can_change_config"))
    assert code(stage, route, "almost") == 403
    assert came_in(code(stage, route, "chief"))


def test_a_list_holds_only_the_own_executions_unless_one_operates_others(stage: World) -> None:
    other = stage.submit("stranger")
    assert list(stage.get("/execution", "owner")) == [str(stage.number)]
    assert list(stage.get("/execution", "admin")) == [str(other), str(stage.number)]
    assert stage.get(f"/execution?user_id={stage.users['stranger']}", "owner") == {}
    assert list(stage.get(f"/execution?user_id={stage.users['stranger']}", "admin")) == [str(other)]


def test_every_route_is_in_this_table() -> None:
    from zoe.api.application import ROUTES

    told = {(method, path) for method, path in ANYONE + GUARDED}
    for route, noun in ROUTES.items():
        for name in dir(noun):
            if name.startswith("on_"):
                method, pattern = name[3:].upper(), route.split("{")[0]
                assert any(m == method and p.startswith(pattern) for m, p in told), (method, route)
