"""What strangers send to a running service: refused with the place of the fault, and nobody else notices."""

import json
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.faults.kit import application, client, entry, log, post, run, with_value, without

if TYPE_CHECKING:
    from tests.acceptance.conftest import Zoe

GOOD = application(
    entry("main", "true", environment=[["NAME", "value"]], ports=[], volumes=[], labels=[], work_dir=None)
)
SERVICE = ("services", 0)
REQUIRED = [
    ("name",),
    ("version",),
    ("will_end",),
    ("services",),
    (*SERVICE, "name"),
    (*SERVICE, "image"),
    (*SERVICE, "monitor"),
    (*SERVICE, "total_count"),
    (*SERVICE, "essential_count"),
]
HOSTILE: list[tuple[tuple[str | int, ...], object]] = [
    ((*SERVICE, "essential_count"), 1.0),
    ((*SERVICE, "essential_count"), "1"),
    ((*SERVICE, "essential_count"), True),
    ((*SERVICE, "total_count"), 10**9),
    ((*SERVICE, "total_count"), -1),
    ((*SERVICE, "startup_order"), 2**63),
    ((*SERVICE, "resources", "memory", "min"), 1e308),
    ((*SERVICE, "resources", "cores", "min"), -1),
    ((*SERVICE, "name"), "../../etc/passwd"),
    ((*SERVICE, "name"), "x" * 100_000),
    ((*SERVICE, "image"), "image:1\n--privileged"),
    ((*SERVICE, "command"), "echo \x00"),
    ((*SERVICE, "environment"), [["NAME\n", "value"]]),
    ((*SERVICE, "environment"), [["=", "value"]]),
    ((*SERVICE, "volumes"), [{"name": "root", "path": "/", "read_only": False}]),
    ((*SERVICE, "volumes"), [{"name": "up", "path": "/srv/../etc", "read_only": True}]),
    ((*SERVICE, "network"), "host"),
    ((*SERVICE, "work_dir"), "\x1b[2J"),
    (("name",), "a"),
    (("name",), {"$ne": ""}),
    (("version",), 4),
    (("size",), -1),
    (("services",), []),
    (("services",), {"0": {}}),
]


def _path(steps: tuple[str | int, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")


@pytest.mark.parametrize("path", REQUIRED, ids=_path)
@pytest.mark.parametrize("how", ["missing", "null"])
def test_a_zapp_without_a_field_is_refused_with_its_path(shared: "Zoe", path: tuple[str | int, ...], how: str) -> None:
    document = without(GOOD, path) if how == "missing" else with_value(GOOD, path, None)
    answer = post(shared, document)
    assert answer.status_code == 400
    assert answer.reason_phrase == "Invalid application description"
    assert _path(path) in [fault["path"] for fault in answer.json()["errors"]]


@pytest.mark.parametrize(("path", "value"), HOSTILE, ids=lambda part: str(part)[:30])
def test_a_hostile_field_is_refused_with_its_path(shared: "Zoe", path: tuple[str | int, ...], value: object) -> None:
    answer = post(shared, with_value(GOOD, path, value))
    assert answer.status_code == 400
    assert any(fault["path"].startswith(_path(path)) for fault in answer.json()["errors"]), answer.text


def test_all_faults_of_a_zapp_are_told_at_once(shared: "Zoe") -> None:
    document = GOOD
    for path, value in HOSTILE[:1] + HOSTILE[8:9] + HOSTILE[-4:-3]:
        document = with_value(document, path, value)
    assert len(post(shared, document).json()["errors"]) >= 3


def test_json_in_an_environment_value_reaches_the_service_and_delays_nobody(shared: "Zoe") -> None:
    value = json.dumps({"a": {"b": ["{user_name}", "{}", "{0}", "{dns_name"]}})
    execution = run(shared, entry("main", 'echo "$SETTINGS"', environment=[["SETTINGS", value]]))
    other = run(shared, entry("other", "true"))
    for one in (execution, other):
        assert shared.wait_for(one, "terminated", "error")["status"] == "terminated"
    told = json.loads(log(shared, execution)[20:])
    assert told == {"a": {"b": ["admin", "{}", "{0}", "{dns_name"]}}


def test_ten_megabytes_of_json_are_refused(shared: "Zoe") -> None:
    answer = post(shared, with_value(GOOD, (*SERVICE, "command"), "x" * 10_000_000))
    assert answer.status_code == 413


@pytest.mark.parametrize("opening", ["[", '{"services":'])
def test_json_nested_without_end_is_refused(shared: "Zoe", opening: str) -> None:
    depth = 50_000
    closing = {"[": "]", '{"services":': "}"}[opening]
    body = f'{{"name": "deep", "application": {opening * depth}1{closing * depth}}}'
    headers = {"Content-Type": "application/json"}
    assert client(shared).post("/execution", content=body, headers=headers).status_code == 400


@pytest.mark.parametrize("script", ["../../etc/passwd", "/etc/passwd", "a/../../b.py", "a\x00b.py", "x" * 100_000])
def test_a_parameter_that_leads_out_of_the_workspace_is_refused(shared: "Zoe", script: str) -> None:
    order = {"name": "test", "zapp_type": "spark", "parameters": {"script": script}}
    answer = client(shared).post("/execution", json=order)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"].startswith("parameters")


@pytest.mark.parametrize("path", ["%2e%2e/planted", "..%2fplanted", "a/%2e%2e/%2e%2e/planted", "a%0ab", "a/%00"])
def test_an_upload_that_leads_out_of_the_workspace_is_refused(shared: "Zoe", path: str) -> None:
    assert client(shared).put(f"/workspace/{path}", content=b"planted").status_code == 400
    assert list(shared.data_dir.rglob("planted")) == []


def test_names_in_any_language_are_kept(shared: "Zoe") -> None:
    name = "été 数据 🎉 <script>alert(1)</script>"
    answer = post(shared, GOOD, name)
    assert answer.status_code == 201
    assert shared.get(f"/execution/{answer.json()['execution_id']}")["name"] == name
