"""The pages, without a browser: who sees what, and what strangers' words become."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.integration.web.visitor import PASSWORD, Visitor, where
from zoe.api.application import make_visitors
from zoe.config import GatewaySettings
from zoe.gateway.links import GatewayLinks

HOSTILE = "<script>alert(1)</script>\u202eexe.<img src=x onerror=alert(1)>\"'"


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


def test_signing_out_ends_the_cookie_and_that_of_the_gateway(visitor: Visitor) -> None:
    answer = visitor.post("/signout")
    assert where(answer) == "/signin"
    gone = {name: cookie.max_age for name, cookie in answer.cookies.items()}
    assert gone == {"zoe": 0, "zoe-gateway": 0}


def test_signing_out_makes_the_cookies_at_all_origins_of_the_gateway_worthless(world: Any) -> None:
    """Those at an execution's own origin no page of Zoe's can take from the browser."""
    world = world.with_(gateway=GatewayLinks(GatewaySettings(domain="localhost"), 5002, 5001))
    visitors = make_visitors(world.collaborators)
    here, elsewhere = Visitor(world), Visitor(world)
    cookies = []
    for browser in (here, elsewhere):
        browser.sign_in()
        way = browser.get("/gateway/enter?to=/7/a0/UI/").headers["location"]
        ticket = parse_qs(urlsplit(way).query)["ticket"][0]
        cookies.append((visitors.enter(ticket, secure=False) or "").partition(";")[0])
    assert all(visitors.by_cookie(cookie) for cookie in cookies)
    kept, unused = here.cookie, parse_qs(urlsplit(here.get("/gateway/enter?to=/8/a0/").headers["location"]).query)
    here.post("/signout")
    assert [bool(visitors.by_cookie(cookie)) for cookie in cookies] == [False, True]
    assert visitors.enter(unused["ticket"][0], secure=False) is None
    assert visitors.by_cookie(kept) is None
    assert here.get("/shop").status_code == 303
    assert elsewhere.get("/shop").status_code == 200


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

    def counted(sql: str, *more: Any) -> Any:
        asked.append(sql)
        return rows(sql, *more)

    monkeypatch.setattr(visitor.world.database, "rows", counted)
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


def test_the_log_without_a_stream_is_its_last_lines(visitor: Visitor) -> None:
    number = visitor.world.submit()
    service = visitor.world.get(f"/execution/{number}")["services"][0]
    visitor.world.log_lines[service] = [b"2026-01-01 00:00:00 line %d\n" % place for place in range(5000)]
    answer = visitor.get(f"/services/{service}/log")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.endswith("line 4999\n")
    assert len(answer.text.splitlines()) == 2000
