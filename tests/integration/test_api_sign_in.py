"""Signing in: cookies as old clients send them, passwords, tokens, pages of other origins, guessing."""

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

World = Any
Basic = Callable[..., dict[str, str]]
PASSWORD = "open:sesame"


def cookie_of(world: World, basic_header: Basic, username: str = "admin") -> str:
    answer = world.ask("GET", "/login", None, headers=basic_header(username))
    assert answer.status_code == 200, answer.status
    return str(answer.headers["Set-Cookie"])


def with_cookie(world: World, cookie: str, method: str = "GET", path: str = "/user/{admin}", **headers: str) -> int:
    path = path.format(admin=world.users["admin"])
    return int(world.ask(method, path, None, headers={"Cookie": cookie, **headers}).status_code)


def test_login_answers_the_user_and_one_cookie_and_never_the_password(world: World, basic_header: Basic) -> None:
    answer = world.ask("GET", "/login", None, headers=basic_header("admin"))
    user = answer.json["user"]
    assert set(user) == {
        "id", "username", "fs_uid", "email", "priority", "enabled", "auth_source", "quota_id", "role_id"
    }  # fmt: skip
    cookie = answer.headers["Set-Cookie"]
    assert re.fullmatch(
        r"zoe=[^;,\s]+; Expires=\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT; HttpOnly; Path=/; SameSite=Lax", cookie
    )


@pytest.mark.parametrize(
    "form",
    [
        "{raw}",
        "{pair}",
        'zoe="{value}"; expires=Tue, 22 Dec 2026 19:04:59 GMT; Path=/',
        "other=1; {pair}; more=2",
        "zoe=worthless; {pair}",
    ],
)
def test_a_cookie_is_taken_in_any_form_that_clients_send(world: World, basic_header: Basic, form: str) -> None:
    raw = cookie_of(world, basic_header)
    pair = raw.split(";")[0]
    assert with_cookie(world, form.format(raw=raw, pair=pair, value=pair.removeprefix("zoe="))) == 200


def test_a_cookie_of_another_deployment_is_refused(world: World, basic_header: Basic) -> None:
    assert with_cookie(world.with_(cookie_key="another"), cookie_of(world, basic_header)) == 401


def test_a_cookie_ages(world: World, basic_header: Basic) -> None:
    settings = world.collaborators.settings
    short = settings.model_copy(update={"api": settings.api.model_copy(update={"cookie_hours": -1})})
    assert with_cookie(world.with_(settings=short), cookie_of(world, basic_header)) == 401


@pytest.mark.parametrize("cookie", ["zoe=", "zoe=a.b.c", "zoe", ";;;=", "zoe=\xff", "a" * 5000, 'zoe="'])
def test_a_broken_cookie_is_no_cookie(world: World, cookie: str) -> None:
    assert with_cookie(world, cookie) == 401


def test_a_new_password_makes_old_cookies_worthless(world: World, basic_header: Basic) -> None:
    cookie = cookie_of(world, basic_header)
    changed = world.ask("POST", f"/user/{world.users['admin']}", json={"password": "another"})
    assert (changed.status_code, changed.text) == (201, "")
    assert with_cookie(world, cookie) == 401
    assert world.ask("GET", "/login", None, headers=basic_header("admin")).status_code == 401
    assert world.ask("GET", "/login", None, headers=basic_header("admin", "another")).status_code == 200


def test_a_disabled_user_is_out_whatever_was_sent(world: World, basic_header: Basic) -> None:
    number = world.add_user("ada")
    cookie = cookie_of(world, basic_header, "ada")
    assert world.ask("POST", f"/user/{number}", json={"enabled": False}).status_code == 201
    assert with_cookie(world, cookie) == 401
    assert world.ask("GET", "/execution", "ada").status_code == 401
    answer = world.ask("GET", "/login", None, headers=basic_header("ada"))
    assert answer.status == "401 This account is disabled; an administrator can enable it."


def test_a_valid_cookie_wins_over_basic(world: World, basic_header: Basic) -> None:
    world.add_user("ada")
    cookie = cookie_of(world, basic_header, "ada")
    number = world.submit("ada")
    headers = {"Cookie": cookie, **basic_header("admin", "wrong")}
    assert list(world.ask("GET", "/execution", None, headers=headers).json) == [str(number)]
    headers = {"Cookie": "zoe=worthless", **basic_header("admin")}
    assert world.ask("GET", "/execution", None, headers=headers).status_code == 200


def test_login_with_a_password_changes_the_user_in_spite_of_a_cookie(world: World, basic_header: Basic) -> None:
    world.add_user("ada")
    headers = {"Cookie": cookie_of(world, basic_header, "ada"), **basic_header("admin")}
    assert world.ask("GET", "/login", None, headers=headers).json["user"]["username"] == "admin"


@pytest.mark.parametrize(
    "authorization",
    ["", "Basic", "Basic ***", "Basic YQ==", "Basic //8=", "Basic ADph", "Bearer", "Bearer x", "Digest a", "\xe4"],
)
def test_broken_credentials_are_401(world: World, authorization: str) -> None:
    answer = world.ask("GET", "/execution", None, headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Zoe"'
    assert answer.json["message"] == answer.status[4:]


def test_a_wrong_password_and_an_unknown_name_sound_the_same(world: World, basic_header: Basic) -> None:
    wrong = world.ask("GET", "/login", None, headers=basic_header("admin", "wrong")).status
    unknown = world.ask("GET", "/login", None, headers=basic_header("ghost", "wrong")).status
    assert wrong == unknown == "401 The user name or the password is wrong."


def test_a_good_password_is_not_checked_again_within_a_minute(world: World, basic_header: Basic) -> None:
    internal = world.collaborators.authenticators["internal"]
    for _ in range(3):
        assert world.ask("GET", "/execution", None, headers=basic_header("admin")).status_code == 200
    assert internal.asked == 1


def test_guessing_is_slowed_for_the_guesser_alone(world: World, basic_header: Basic) -> None:
    codes = [
        world.ask("GET", "/login", None, headers=basic_header("admin", f"guess {n}")).status_code for n in range(11)
    ]
    assert codes == [401] * 10 + [429]
    elsewhere = {"headers": basic_header("admin"), "remote_addr": "192.0.2.7"}
    assert world.ask("GET", "/login", None, **elsewhere).status_code == 200
    # Even the guesser's neighbour behind the same address, once the password is known to be good.
    assert world.ask("GET", "/login", None, headers=basic_header("admin")).status_code == 200


def test_an_authenticator_that_fails_lets_nobody_in_and_tells_no_password(
    world: World, basic_header: Basic, caplog: pytest.LogCaptureFixture
) -> None:
    world.add_user("ada")
    world.rows("UPDATE account SET auth_source = 'broken' WHERE username = 'ada'")
    with caplog.at_level(logging.DEBUG):
        assert world.ask("GET", "/login", None, headers=basic_header("ada")).status_code == 401
    assert "the authenticator broken failed for ada: RuntimeError" in caplog.text
    assert "sesame" not in caplog.text


def test_a_user_whose_authenticator_is_gone_does_not_come_in(world: World, basic_header: Basic) -> None:
    world.add_user("ada")
    world.rows("UPDATE account SET auth_source = 'ldap' WHERE username = 'ada'")
    assert world.ask("GET", "/login", None, headers=basic_header("ada")).status_code == 401


def test_a_token_serves_until_it_is_deleted_and_is_kept_as_a_digest_only(world: World) -> None:
    made = world.ask("POST", "/token", json={"name": "script"})
    assert made.status_code == 201
    secret, number = made.json["token"], made.json["token_id"]
    assert secret not in str(world.rows("SELECT * FROM token"))
    world.tokens["script"] = secret
    assert world.get("/token", "script")[str(number)]["name"] == "script"
    assert secret not in str(world.get("/token"))
    assert world.ask("DELETE", f"/token/{number}").status_code == 204
    assert world.ask("GET", "/token", "script").status_code == 401
    assert world.ask("DELETE", f"/token/{number}").status_code == 404


def test_a_token_expires(world: World) -> None:
    now = world.collaborators.now()
    world.tokens["early"] = world.add_token(world.users["admin"], now - 1)
    world.tokens["late"] = world.add_token(world.users["admin"], now + 1)
    assert world.ask("GET", "/execution", "early").status_code == 401
    assert world.ask("GET", "/execution", "late").status_code == 200


def test_nobody_deletes_the_token_of_another(world: World) -> None:
    world.add_user("ada")
    number = next(iter(world.get("/token", "ada")))
    assert world.ask("DELETE", f"/token/{number}", "admin").status_code == 404
    assert world.ask("GET", "/token", "ada").status_code == 200


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 201),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "none"}, 201),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://zoe.example:5001", "Host": "zoe.example:5001"}, 201),
        ({"Origin": "http://zoe.example:5002", "Host": "zoe.example:5001"}, 403),
        ({"Origin": "null", "Host": "zoe.example:5001"}, 403),
    ],
)
def test_a_page_of_another_origin_cannot_act_with_a_user_s_cookie(
    world: World, basic_header: Basic, headers: dict[str, str], expected: int
) -> None:
    cookie = cookie_of(world, basic_header)
    options = {"headers": {"Cookie": cookie, **headers}, "json": {"email": "a@b"}}
    assert world.ask("POST", f"/user/{world.users['admin']}", None, **options).status_code == expected
    assert with_cookie(world, cookie, **headers) == 200


def test_a_token_is_nothing_that_a_browser_sends_by_itself(world: World) -> None:
    answer = world.ask("POST", "/token", json={"name": "x"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 201


def test_the_cookie_is_secure_where_the_connection_is(world: World, basic_header: Basic) -> None:
    answer = world.ask("GET", "/login", None, headers=basic_header("admin"), protocol="https")
    assert answer.headers["Set-Cookie"].endswith("; Secure")


def test_collaborators_do_not_show_the_key_of_the_cookies(world: World) -> None:
    assert "a key of this test" not in repr(replace(world.collaborators))
