"""Starting, stopping and starting again through the pages: what their forms do."""

import re
from typing import Any

from tests.integration.web.visitor import Visitor, number_of, where


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
    acts = ("stop", "again", "forget", "extend")
    assert [eve.post(f"/executions/{number}/{act}").status_code for act in acts] == [403] * 4
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
