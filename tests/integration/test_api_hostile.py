"""What strangers send: whatever it is, the answer is never a 500, and the next one is answered."""

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoe.api.errors import reason_phrase
from zoe.state.database import Database

World = Any
MakeZApp = Callable[..., dict[str, Any]]
POSTS = ("/zapp_validate", "/execution", "/user", "/role", "/quota", "/token")

BODIES = {
    "nothing": b"",
    "half": b'{"name": ',
    "a list": b"[]",
    "null": b"null",
    "a number": b"7",
    "no UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "NUL": b'{"name": "a\\u0000b"}',
    "raw NUL": b'{"name": "a\x00b"}',
    "half a character": b'{"name": "\\ud800"}',
    "half a character as a key": b'{"\\ud800": 1}',
    "NaN": b'{"cores": NaN}',
    "infinity": b'{"cores": Infinity}',
    "an overflow": b'{"cores": 1e999}',
    "a huge number": b'{"memory": ' + b"9" * 4000 + b"}",
    "an endless number": b'{"memory": ' + b"9" * 5000 + b"}",
    "beyond bigint": b'{"memory": 9223372036854775808}',
    "a key twice": b'{"name": "x", "name": "y"}',
    "deep": b"[" * 100_000,
    "deep and closed": b'{"a":' * 900 + b"1" + b"}" * 900,
    "deep in an application": b'{"name":"x","application":' + b"[" * 600 + b"]" * 600 + b"}",
    "wide": b"[" + b"1," * 300_000 + b"1]",
}


@pytest.mark.parametrize("path", POSTS)
def test_a_broken_body_is_the_client_s_fault(world: World, path: str) -> None:
    for name, body in BODIES.items():
        answer = world.ask("POST", path, body=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400, (name, answer.status)
        assert answer.json["message"], name


@pytest.mark.parametrize("path", POSTS)
def test_too_long_a_body_is_413_before_it_is_read(world: World, path: str) -> None:
    answer = world.ask("POST", path, body=b'{"name": "' + b"x" * 10_000_000 + b'"}')
    assert answer.status == "413 The body is larger than 1048576 bytes."


def test_something_else_than_json_is_415(world: World, make_zapp: MakeZApp) -> None:
    body = json.dumps(make_zapp())
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "\xff"):
        answer = world.ask("POST", "/zapp_validate", None, body=body, headers={"Content-Type": kind})
        assert answer.status_code == 415, kind
    for kind in ("application/json", "Application/JSON; charset=utf-8"):
        answer = world.ask("POST", "/zapp_validate", None, body=body, headers={"Content-Type": kind})
        assert answer.status_code == 200, kind


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec=None)), inner, max_size=4),
    max_leaves=12,
)
KEYS = ["name", "application", "zapp_type", "parameters", "username", "email", "role_id", "quota_id", "fs_uid"]
KEYS += [
    "auth_source",
    "priority",
    "enabled",
    "password",
    "cores",
    "memory",
    "runtime_limit",
    "can_see_status",
    "expires",
]
KEYS += ["services", "version", "will_end", "size", "concurrent_executions", "id"]
DOCUMENTS = st.dictionaries(
    st.sampled_from(KEYS), ANYTHING | st.sampled_from(["x", "sleep", 1, -1, "internal"]), max_size=9
)


@given(path=st.sampled_from([*POSTS, "/user/{admin}", "/role/1", "/quota/1"]), body=DOCUMENTS | ANYTHING)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_json_at_all_breaks_an_operation(world: World, path: str, body: object) -> None:
    text = json.dumps(body).encode()
    answer = world.ask("POST", path.format(admin=world.users["admin"]), body=text)
    assert answer.status_code in {200, 201, 400, 404, 409}, answer.status


@given(
    place=st.sampled_from(["top", "service", "port", "volume", "resources"]),
    key=st.sampled_from(["name", "image", "monitor", "total_count", "essential_count", "startup_order", "resources"])
    | st.sampled_from(["command", "environment", "volumes", "ports", "size", "version", "services", "memory", "cores"]),
    value=ANYTHING,
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_mutilated_zapp_breaks_a_submission(
    world: World, make_zapp: MakeZApp, place: str, key: str, value: object
) -> None:
    zapp = make_zapp()
    service = zapp["services"][0]
    service["volumes"] = [{"name": "data", "path": "/data"}]
    places = {"top": zapp, "service": service, "port": service["ports"][0], "volume": service["volumes"][0]}
    places["resources"] = service["resources"]
    places[place][key] = value
    text = json.dumps({"application": zapp, "name": "x"}).encode()
    assert world.ask("POST", "/execution", body=text).status_code in {201, 400}


def test_a_reason_phrase_is_one_short_line_that_a_status_line_can_carry() -> None:
    assert reason_phrase("a\r\nSet-Cookie: zoe=x\x00\x85b") == "a Set-Cookie: zoe=x b"
    assert reason_phrase("caf\u00e9 \u4e2d") == "caf\u00e9 ?"
    assert len(reason_phrase("x" * 10_000)) == 300


def test_a_hostile_name_cannot_split_the_answer(world: World) -> None:
    answer = world.ask("GET", "/execution", query_string="a%0d%0aSet-Cookie:%20zoe=1")
    assert answer.status_code == 400
    assert "Set-Cookie" not in answer.headers
    assert "\n" not in answer.status


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [("GET", "/nowhere", 404), ("PUT", "/execution", 405), ("PATCH", "/user/1", 405), ("GET", "/%00/%ff", 404)],
)
def test_what_is_not_there_is_told_in_the_same_form(world: World, method: str, path: str, code: int) -> None:
    answer = world.ask(method, path)
    assert answer.status_code == code
    assert answer.json["message"] == answer.status[4:]
    assert set(answer.json) == {"title", "message", "errors"}


def test_without_a_database_the_answer_is_503(world: World) -> None:
    nowhere = Database("postgresql://zoe@/zoe?host=/nonexistent")
    answer = world.with_(database=nowhere).ask("GET", "/execution")
    assert answer.status == "503 The database does not answer; try again in a moment."
    assert answer.headers["Retry-After"] == "2"


def test_connections_that_broke_cost_a_503_each_and_then_all_is_well(world: World) -> None:
    world.get("/execution")
    with closing(psycopg2.connect(world.database.url)) as other:
        other.autocommit = True
        other.cursor().execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    codes = [world.ask("GET", "/execution").status_code for _ in range(5)]
    assert codes == [503, 200, 200, 200, 200]
