"""Users, roles and quotas over the API."""

from collections.abc import Callable
from typing import Any

import pytest

World = Any


def new_user(world: World, **changes: Any) -> dict[str, Any]:
    role, quota = world.rows(
        "SELECT (SELECT id FROM role WHERE name = 'user'), (SELECT id FROM quota WHERE name = 'default')"
    )[0]
    return {
        "username": "ada",
        "email": "ada@example.org",
        "role_id": role,
        "quota_id": quota,
        "auth_source": "internal",
        "fs_uid": -1,
    } | changes


def create(world: World, **changes: Any) -> int:
    answer = world.ask("POST", "/user", json=new_user(world, **changes))
    assert answer.status_code == 201, answer.status
    return int(answer.json["user_id"])


def test_a_user_is_made_changed_and_deleted(world: World, basic_header: Callable[..., dict[str, str]]) -> None:
    number = create(world, password="a:b:c")
    found = world.get(f"/user/{number}")["user"]
    assert found["username"] == "ada"
    assert "password" not in str(found)
    assert world.ask("GET", "/login", None, headers=basic_header("ada", "a:b:c")).status_code == 200
    answer = world.ask("POST", f"/user/{number}", json={"email": "new@example.org", "priority": 3})
    assert (answer.status_code, answer.content) == (201, b"")
    assert world.get(f"/user/{number}")["user"] == found | {"email": "new@example.org", "priority": 3}
    assert world.ask("DELETE", f"/user/{number}").status_code == 204
    assert world.ask("GET", f"/user/{number}").status == f"404 There is no user {number}."


def test_free_numbers_are_given_one_after_the_other(world: World) -> None:
    create(world, username="first", fs_uid=70_000)
    second = create(world, username="second")
    assert world.get(f"/user/{second}")["user"]["fs_uid"] == 70_001


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"username": "../up"}, "username"),
        ({"username": ".."}, "username"),
        ({"username": ""}, "username"),
        ({"username": "a/b"}, "username"),
        ({"username": "x" * 65}, "username"),
        ({"username": "a\n"}, "username"),
        ({"fs_uid": 0}, "fs_uid"),
        ({"fs_uid": -2}, "fs_uid"),
        ({"fs_uid": 2**32}, "fs_uid"),
        ({"role_id": 999_999}, "role_id"),
        ({"quota_id": 2**63}, "quota_id"),
        ({"auth_source": "sorcery"}, "auth_source"),
        ({"priority": 2**31}, "priority"),
        ({"email": "a b"}, "email"),
        ({"password": ""}, "password"),
        ({"enabled": "perhaps"}, "enabled"),
        ({"can_fly": True}, "can_fly"),
    ],
)
def test_a_user_that_cannot_be_is_refused_by_field(world: World, changes: dict[str, Any], path: str) -> None:
    answer = world.ask("POST", "/user", json=new_user(world, **changes))
    assert answer.status_code == 400
    assert [fault["path"] for fault in answer.json["errors"]] == [path]


def test_names_and_numbers_are_given_once(world: World) -> None:
    number = create(world)
    again = world.ask("POST", "/user", json=new_user(world))
    assert again.status == "409 There is a user named ada already."
    taken = world.get(f"/user/{number}")["user"]["fs_uid"]
    same = world.ask("POST", "/user", json=new_user(world, username="bob", fs_uid=taken))
    assert same.status == f"409 There is another user with fs_uid {taken}."


def test_users_are_filtered(world: World) -> None:
    number = create(world)
    role = new_user(world)["role_id"]
    for query in ("username=ada", "email=ada@example.org", f"role_id={role}&enabled=true", "priority=0&username=ada"):
        assert list(world.get(f"/user?{query}")) == [str(number)], query
    assert world.get("/user?username=ada&enabled=false") == {}
    assert world.ask("GET", "/user?enabled=perhaps").status_code == 400


def test_of_the_own_account_everybody_changes_e_mail_and_password_only(world: World) -> None:
    number = world.add_user("bob", ())
    assert world.ask("POST", f"/user/{number}", "bob", json={"email": "b@c", "password": "x"}).status_code == 201
    whole = world.get(f"/user/{number}", "bob")["user"]
    assert world.ask("POST", f"/user/{number}", "bob", json=whole | {"email": "d@e"}).status_code == 201
    for change in ({"role_id": 1}, {"quota_id": 1}, {"enabled": False}, {"priority": 9}, {"username": "eve"}):
        assert world.ask("POST", f"/user/{number}", "bob", json=change).status_code == 403, change


def test_no_administrator_locks_himself_out(world: World) -> None:
    number = world.users["admin"]
    role = new_user(world)["role_id"]
    assert world.ask("DELETE", f"/user/{number}").status == "400 You cannot delete yourself."
    for change in ({"enabled": False}, {"role_id": role}):
        assert world.ask("POST", f"/user/{number}", json=change).status_code == 400


def test_a_user_goes_with_what_has_ended_but_not_while_something_runs(world: World) -> None:
    number = world.add_user("bob")
    execution = world.submit("bob")
    refused = world.ask("DELETE", f"/user/{number}")
    assert refused.status == "409 This user has executions that have not ended; stop them first."
    world.move(execution, "terminated")
    assert world.ask("DELETE", f"/user/{number}").status_code == 204
    assert world.forgotten == [execution]
    assert world.ask("GET", "/execution", "bob").status_code == 401


@pytest.mark.parametrize(("noun", "heir"), [("role", "user"), ("quota", "default")])
def test_a_deleted_role_or_quota_leaves_its_users_to_the_fallback(world: World, noun: str, heir: str) -> None:
    made = world.ask("POST", f"/{noun}", json={"name": "short-lived"})
    assert made.status_code == 201
    number = made.json[f"{noun}_id"]
    user = create(world, **{f"{noun}_id": number})
    assert world.ask("DELETE", f"/{noun}/{number}").status_code == 204
    left_to = world.get(f"/user/{user}")["user"][f"{noun}_id"]
    assert world.get(f"/{noun}/{left_to}")[noun]["name"] == heir
    assert world.ask("GET", f"/{noun}/{number}").status_code == 404


def by_name(world: World, noun: str, name: str) -> int:
    return int(next(number for number, one in world.get(f"/{noun}").items() if one["name"] == name))


def test_the_role_admin_cannot_be_edited_or_deleted(world: World) -> None:
    number = by_name(world, "role", "admin")
    assert world.ask("POST", f"/role/{number}", json={"can_see_status": False}).status_code == 400
    assert world.ask("DELETE", f"/role/{number}").status == "400 The role admin cannot be deleted."


@pytest.mark.parametrize(("noun", "name"), [("role", "user"), ("quota", "default")])
def test_the_fallback_cannot_be_renamed_or_deleted_but_edited(world: World, noun: str, name: str) -> None:
    number = by_name(world, noun, name)
    assert (
        world.ask("POST", f"/{noun}/{number}", json={"name": "x"}).status == f"400 The {noun} {name} cannot be renamed."
    )
    assert world.ask("DELETE", f"/{noun}/{number}").status == f"400 The {noun} {name} cannot be deleted."
    key = "can_access_api" if noun == "role" else "cores"
    assert world.ask("POST", f"/{noun}/{number}", json={"name": name, key: 1}).status_code == 201
    assert world.get(f"/{noun}/{number}")[noun][key] == 1


def test_a_role_changes_only_where_told(world: World) -> None:
    number = by_name(world, "role", "superuser")
    before = world.get(f"/role/{number}")["role"]
    assert world.ask("POST", f"/role/{number}", json={"can_operate_others": True}).status_code == 201
    assert world.get(f"/role/{number}")["role"] == before | {"can_operate_others": True}


@pytest.mark.parametrize("noun", ["role", "quota"])
def test_a_name_of_a_role_or_quota_is_given_once(world: World, noun: str) -> None:
    first = world.ask("POST", f"/{noun}", json={"name": "x"})
    again = world.ask("POST", f"/{noun}", json={"name": "x"})
    assert again.status == f"409 There is a {noun} named x already."
    other = world.ask("POST", f"/{noun}", json={"name": "y"}).json[f"{noun}_id"]
    assert world.ask("POST", f"/{noun}/{other}", json={"name": "x"}).status_code == 409
    assert first.status_code == 201


@pytest.mark.parametrize(
    "change", [{"cores": -1}, {"memory": 2**63}, {"runtime_limit": -1}, {"memory": 1.5}, {"name": ""}]
)
def test_a_quota_that_cannot_be_is_refused_by_field(world: World, change: dict[str, Any]) -> None:
    answer = world.ask("POST", "/quota", json={"name": "x"} | change)
    assert answer.status_code == 400
    assert [fault["path"] for fault in answer.json["errors"]] == list(change)


def test_the_seeds_are_as_clients_know_them(world: World) -> None:
    roles = {one["name"]: {key for key, value in one.items() if value is True} for one in world.get("/role").values()}
    assert len(roles.pop("admin")) == 7
    four = {"can_see_status", "can_access_api", "can_customize_resources", "can_access_full_zapp_shop"}
    assert roles == {"superuser": four, "user": set()}
