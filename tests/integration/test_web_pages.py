"""The pages, without a browser: who sees what, what forms do, and what strangers' words become."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from falcon.testing import Result, TestClient

from zoe.config import Settings, ZAppsSettings
from zoe.web import create_site

PASSWORD = "open:sesame"
HOSTILE = "<script>alert(1)</script>\u202eexe.<img src=x onerror=alert(1)>\"'"


class Visitor:
    """Somebody with a browser: keeps the cookie."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.client = TestClient(create_site(world.collaborators))
        self.cookie = ""

    def get(self, path: str, **headers: str) -> Result:
        return self.client.simulate_get(path, headers={"Cookie": self.cookie, **headers})

    def post(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Result:
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": self.cookie}
        return self.client.simulate_post(path, body=urlencode(form or {}), headers={**kind, **headers})

    def sign_in(self, username: str = "admin", onwards: str = "/shop", password: str = PASSWORD) -> Result:
        answer = self.post("/signin", {"username": username, "password": password, "next": onwards})
        if "Set-Cookie" in answer.headers:
            self.cookie = answer.headers["set-cookie"].split(";")[0]
        return answer


@pytest.fixture
def visitor(world: Any) -> Visitor:
    made = Visitor(world)
    made.sign_in()
    return made


def where(answer: Result) -> str:
    assert answer.status_code == 303, (answer.status, answer.text[:2000])
    return str(answer.headers["location"])


def number_of(path: str) -> int:
    found = re.fullmatch(r"/executions/(\d+)/opening", path)
    assert found, path
    return int(found[1])


def test_who_is_not_signed_in_is_led_to_sign_in_and_back(world: Any) -> None:
    stranger = Visitor(world)
    assert where(stranger.get("/executions?status=running")) == "/signin?next=%2Fexecutions%3Fstatus%3Drunning"
    answer = stranger.sign_in(onwards="/executions?status=running")
    assert where(answer) == "/executions?status=running"
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert stranger.get("/executions").status_code == 200


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/\tx", "/a\nb", ""],
)
def test_signing_in_leads_to_no_other_site(world: Any, elsewhere: str) -> None:
    assert where(Visitor(world).sign_in(onwards=elsewhere)) == "/"


def test_signing_in_leads_on_to_the_gateway(world: Any) -> None:
    assert where(Visitor(world).sign_in(onwards="/gateway/enter?to=/7/a0/Page/")) == "/gateway/enter?to=/7/a0/Page/"


def test_a_wrong_password_is_told_and_the_name_is_kept(world: Any) -> None:
    stranger = Visitor(world)
    answer = stranger.sign_in(password="guess")
    assert answer.status_code == 401
    assert "The user name or the password is wrong." in answer.text
    assert 'value="admin"' in answer.text
    assert "guess" not in answer.text


def test_guessing_passwords_is_slowed(world: Any) -> None:
    stranger = Visitor(world)
    assert [stranger.sign_in(password="guess").status_code for _ in range(11)][-1] == 429


def test_a_form_of_another_origin_changes_nothing(visitor: Visitor) -> None:
    for headers in ({"Sec-Fetch-Site": "same-site"}, {"Origin": "http://evil.example"}):
        assert visitor.post("/shop/type/sleep", {}, **headers).status_code == 403
        assert visitor.post("/signin", {"username": "admin", "password": PASSWORD}, **headers).status_code == 403
    assert visitor.world.get("/execution") == {}


def test_signing_out_ends_the_cookie(visitor: Visitor) -> None:
    answer = visitor.post("/signout")
    assert where(answer).startswith("/signin")
    assert "Max-Age=0" in answer.headers["set-cookie"]


def test_every_page_forbids_scripts_of_others_and_frames(visitor: Visitor) -> None:
    for path in ("/shop", "/executions", "/cluster", "/signin", "/nothing/here"):
        policy = visitor.get(path).headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy


def test_what_leads_nowhere_is_told_to_people_in_a_page_and_to_clients_in_json(visitor: Visitor) -> None:
    assert "Nothing here" in visitor.get("/nothing/here").text
    assert visitor.get("/nothing/here").status_code == 404
    assert visitor.get("/api/0.7/nothing").json["message"] == "There is nothing at this address."


def test_one_click_starts_with_the_defaults_and_waits_for_it_to_open(visitor: Visitor) -> None:
    path = where(visitor.post("/shop/type/sleep"))
    made = visitor.world.get(f"/execution/{number_of(path)}")
    assert made["parameters"] == {"seconds": 1, "network": None}
    assert visitor.world.rung == ["submission"]
    assert "Sleep" in visitor.get(path).text


def test_those_without_the_api_start_see_and_stop_their_own(visitor: Visitor) -> None:
    visitor.world.add_user("eve", ())
    eve = Visitor(visitor.world)
    eve.sign_in("eve")
    number = number_of(where(eve.post("/shop/type/sleep", {"asked": "1", "p.seconds": "7", "name": "of eve"})))
    assert "of eve" in eve.get("/executions").text
    assert eve.get(f"/executions/{number}").status_code == 200
    assert where(eve.post(f"/executions/{number}/stop")) == f"/executions/{number}"
    assert visitor.world.rows("SELECT stop_reason FROM execution WHERE id = %s", number) == [("stopped by eve",)]
    assert visitor.world.ask("GET", "/execution", "eve").status_code == 403


def test_nobody_sees_or_stops_an_execution_of_somebody_else(visitor: Visitor) -> None:
    number = visitor.world.submit("admin", name="private")
    service = visitor.world.get(f"/execution/{number}")["services"][0]
    visitor.world.add_user("eve", ("can_access_api", "can_see_status"))
    eve = Visitor(visitor.world)
    eve.sign_in("eve")
    paths = ["", "/opening"]
    assert [eve.get(f"/executions/{number}{path}").status_code for path in paths] == [403, 403]
    assert [eve.post(f"/executions/{number}/{act}").status_code for act in ("stop", "again", "forget")] == [403] * 3
    assert eve.get(f"/services/{service}/log").status_code == 403
    assert eve.get("/executions/all").status_code == 403
    assert "private" not in eve.get("/executions").text + eve.get("/cluster").text


def test_a_faulty_value_is_told_beside_its_field_and_the_others_are_kept(visitor: Visitor) -> None:
    answer = visitor.post("/shop/type/sleep", {"asked": "1", "p.seconds": "1000", "p.network": "mine", "name": "kept"})
    assert answer.status_code == 400
    assert re.search(r'id="e-seconds">[^<]*less than or equal to 100', answer.text)
    assert 'value="1000"' in answer.text
    assert 'value="mine"' in answer.text
    assert 'value="kept"' in answer.text
    assert visitor.world.get("/execution") == {}


def test_what_is_no_number_is_told_beside_its_field(visitor: Visitor) -> None:
    answer = visitor.post("/shop/type/sleep", {"asked": "1", "p.seconds": "many"})
    assert re.search(r'id="e-seconds">[^<]*integer', answer.text)


def test_a_quota_that_refuses_is_told_with_the_form(world: Any) -> None:
    world.add_user("bob", (), concurrent_executions=1)
    bob = Visitor(world)
    bob.sign_in("bob")
    where(bob.post("/shop/type/sleep"))
    answer = bob.post("/shop/type/sleep")
    assert answer.status_code == 409
    assert "You cannot run more than 1 executions at a time" in answer.text


def test_starting_again_repeats_type_and_parameters(visitor: Visitor) -> None:
    number = number_of(where(visitor.post("/shop/type/sleep", {"asked": "1", "p.seconds": "9"})))
    again = number_of(where(visitor.post(f"/executions/{number}/again")))
    assert visitor.world.get(f"/execution/{again}")["parameters"]["seconds"] == 9
    posted = visitor.world.submit(name="by hand")
    again = number_of(where(visitor.post(f"/executions/{posted}/again")))
    first, second = (visitor.world.get(f"/execution/{one}") for one in (posted, again))
    assert second["description"] == first["description"]


def test_what_strangers_wrote_is_shown_as_text_and_turns_nothing_around(visitor: Visitor) -> None:
    number = visitor.world.submit(name="x" * 128)
    visitor.world.rows("UPDATE execution SET name = %s, error_message = %s WHERE id = %s", HOSTILE * 9, HOSTILE, number)
    for path in (
        "/executions",
        "/executions/all",
        f"/executions/{number}",
        f"/executions/{number}/opening",
        "/cluster",
    ):
        text = visitor.get(path).text
        assert "&lt;script&gt;alert(1)" in text, path
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "\u202e" not in text


def test_a_page_that_has_not_changed_is_not_sent_again(visitor: Visitor) -> None:
    number = visitor.world.submit()
    for path in ("/executions", f"/executions/{number}", "/cluster"):
        tag = visitor.get(path).headers["etag"]
        assert visitor.get(path, **{"If-None-Match": tag}).status_code == 304
    visitor.world.move(number, "running")
    assert visitor.get("/executions", **{"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("path", ["/executions", "/executions/all", "/cluster"])
def test_a_list_costs_as_many_queries_for_many_as_for_one(
    visitor: Visitor, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    rows = visitor.world.database.rows
    monkeypatch.setattr(visitor.world.database, "rows", lambda sql, *more: asked.append(sql) or rows(sql, *more))
    visitor.world.submit()
    asked[:] = []
    visitor.get(path)
    few = len(asked)
    for _ in range(8):
        visitor.world.submit()
    asked[:] = []
    visitor.get(path)
    assert len(asked) == few


def test_older_executions_are_on_further_pages(visitor: Visitor) -> None:
    numbers = [visitor.world.submit(name=f"number {place}") for place in range(27)]
    first = visitor.get("/executions").text
    assert f"/executions/{numbers[-1]}" in first
    assert f'"/executions/{numbers[1]}"' not in first
    onwards = re.search(r'href="(/executions\?before=\d+)"', first)
    assert onwards
    assert f'"/executions/{numbers[1]}"' in visitor.get(onwards[1]).text


def test_an_administrator_filters_by_user_and_status(visitor: Visitor) -> None:
    eve = visitor.world.add_user("eve")
    visitor.world.submit("eve", name="of-eve")
    visitor.world.submit("admin", name="of-admin")
    text = visitor.get(f"/executions/all?user={eve}&status=submitted").text
    assert "of-eve" in text
    assert "of-admin" not in text
    assert "of-eve" not in visitor.get(f"/executions/all?user={eve}&status=running").text


@pytest.fixture
def shop(tmp_path: Path, make_zapp: Callable[..., dict[str, Any]]) -> Path:
    folder = tmp_path / "shop" / "sleepers"
    folder.mkdir(parents=True)
    (folder / "sleep.json").write_text(json.dumps(make_zapp()))
    (folder / "about.md").write_text("# Sleep\n\nIt *sleeps* <script>alert(1)</script> [x](javascript:alert(1)).")
    (folder / "logo.png").write_bytes(b"\x89PNG\r\n\x1a\n rest")
    parameters = [
        {"kind": "environment", "name": "DREAM", "readable_name": "Dream", "description": "of", "default": "sheep"},
        {"kind": "command", "name": "sleeper", "default": "sleep 2"},
        {"kind": "service_count", "name": "sleeper", "type": "int", "min": 1, "max": 4, "default": 1},
    ]
    entry = {"category": "Rest", "name": "Sleeper", "description": "sleep.json", "readable_descr": "about.md"}
    entry |= {"parameters": parameters, "logo": "logo.png"}
    secret = entry | {"name": "Staff only", "enabled_for": ["superuser"]}
    (folder / "manifest.json").write_text(json.dumps({"version": 1, "zapps": [entry, secret]}))
    (tmp_path / "shop" / "broken").mkdir()
    (tmp_path / "shop" / "broken" / "manifest.json").write_text('{"version": 1, "zapps": [{"category": "x"}]}')
    return tmp_path / "shop"


@pytest.fixture
def shopper(world: Any, settings: Settings, shop: Path) -> Visitor:
    changed = settings.model_copy(update={"zapps": ZAppsSettings(shop_dir=shop)})
    made = Visitor(world.with_(settings=changed))
    made.sign_in()
    return made


def test_a_folder_of_the_shop_is_offered_with_its_parameters(shopper: Visitor) -> None:
    assert "Sleeper" in shopper.get("/shop").text
    form = {"asked": "1", "name": "n", "p.0.DREAM": "of wool", "p.1.sleeper": "sleep 3", "p.2.sleeper": "3"}
    number = number_of(where(shopper.post("/shop/zapp/sleepers/0", form)))
    (service,) = shopper.world.get(f"/execution/{number}")["description"]["services"]
    assert service["environment"] == [["DREAM", "of wool"]]
    assert service["command"] == "sleep 3"
    assert (service["total_count"], service["essential_count"]) == (3, 1)


def test_a_folders_bounds_are_kept(shopper: Visitor) -> None:
    answer = shopper.post("/shop/zapp/sleepers/0", {"asked": "1", "p.2.sleeper": "5"})
    assert answer.status_code == 400
    assert "should be at most 4" in answer.text


def test_what_is_not_for_a_role_is_not_in_its_shop(shopper: Visitor) -> None:
    shopper.world.add_user("eve", ())
    eve = Visitor(shopper.world)
    eve.sign_in("eve")
    assert "Staff only" in shopper.get("/shop").text
    assert "Staff only" not in eve.get("/shop").text
    assert eve.get("/shop/zapp/sleepers/1").status_code == 404
    assert eve.post("/shop/zapp/sleepers/1").status_code == 404


def test_a_broken_folder_is_told_to_who_looks_after_the_shop_only(shopper: Visitor) -> None:
    shopper.world.add_user("eve", ())
    eve = Visitor(shopper.world)
    eve.sign_in("eve")
    assert "broken" in shopper.get("/shop").text
    assert "broken" not in eve.get("/shop").text


def test_markdown_of_the_shop_brings_no_script(shopper: Visitor) -> None:
    text = shopper.get("/shop/zapp/sleepers/0").text
    assert "<em>sleeps</em>" in text
    assert "<script>alert" not in text
    assert 'href="javascript:' not in text


@pytest.mark.parametrize("name", ["../../../etc/passwd", "/etc/passwd", "..", "a/b"])
def test_no_file_name_leads_out_of_a_folder(shopper: Visitor, shop: Path, name: str) -> None:
    path = shop / "sleepers" / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["zapps"][0]["description"] = name
    path.write_text(json.dumps(manifest))
    assert shopper.get("/shop/zapp/sleepers/0").status_code == 404


def test_a_logo_is_shown_if_it_is_a_picture(shopper: Visitor, shop: Path) -> None:
    answer = shopper.get("/logo/zapp/sleepers/0")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    (shop / "sleepers" / "logo.png").write_text("<script>alert(1)</script>")
    assert shopper.get("/logo/zapp/sleepers/0").status_code == 404


def test_the_log_without_a_stream_is_its_last_lines(visitor: Visitor) -> None:
    number = visitor.world.submit()
    service = visitor.world.get(f"/execution/{number}")["services"][0]
    visitor.world.log_lines[service] = [b"2026-01-01 00:00:00 line %d\n" % place for place in range(5000)]
    answer = visitor.get(f"/services/{service}/log")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.endswith("line 4999\n")
    assert len(answer.text.splitlines()) == 2000
