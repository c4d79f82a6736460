"""Asking for more time, and what the API tells of idle executions."""

from typing import TYPE_CHECKING

import pytest

from zoe.config import IdleSettings
from zoe.state.activity import activities
from zoe.state.idle import IdleRow, write_idle

if TYPE_CHECKING:
    from tests.integration.conftest import World

NOW = 1_700_000_000.5
SHOWN = {"since": 1.0, "step": "idle", "elastic_deadline": 2.0, "deadline": 3.0, "kept_until": None, "reason": "idle"}


def idle_row(execution: int) -> IdleRow:
    return IdleRow(execution, 1.0, 0.0, 2.0, resting=False, announced=True, shown=SHOWN)


def test_an_execution_is_kept_for_the_hours_asked_and_the_master_is_told(world: "World") -> None:
    execution = world.submit()
    answer = world.ask("POST", f"/execution/{execution}/extend", json={"hours": 4})
    assert (answer.status_code, answer.json) == (201, {"kept_until": NOW + 4 * 3600})
    assert world.rung[-1] == "extension"
    with world.database.session():
        known = activities(world.database, [execution])[execution]
    assert (known.lease_until, known.lease_by) == (NOW + 4 * 3600, "admin")


@pytest.mark.parametrize("hours", [0, -1, 25, 1e9, "4", None, True, [4]])
def test_hours_that_cannot_be_are_refused_by_name(world: "World", hours: object) -> None:
    execution = world.submit()
    answer = world.ask("POST", f"/execution/{execution}/extend", json={"hours": hours})
    assert answer.status_code == 400
    assert [fault["path"] for fault in answer.json["errors"]] == ["hours"]


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"hours": 1, "days": 2}', b'{"hours": NaN}', b'{"hours": 1e999}']
)
def test_bodies_that_say_something_else_are_refused(world: "World", body: bytes) -> None:
    execution = world.submit()
    headers = {"Content-Type": "application/json"}
    assert world.ask("POST", f"/execution/{execution}/extend", body=body, headers=headers).status_code == 400


def test_only_the_owner_and_who_may_operate_others_extend(world: "World") -> None:
    world.add_user("ada")
    world.add_user("bob")
    world.add_user("operator", ("can_access_api", "can_operate_others"))
    execution = world.submit("ada")
    path, body = f"/execution/{execution}/extend", {"hours": 1}
    codes = {who: world.ask("POST", path, who, json=body).status_code for who in ("ada", "bob", "operator", None)}
    assert codes == {"ada": 201, "bob": 403, "operator": 201, None: 401}


def test_what_has_ended_or_never_was_cannot_be_extended(world: "World") -> None:
    execution = world.submit()
    world.move(execution, "terminated")
    assert world.ask("POST", f"/execution/{execution}/extend", json={"hours": 1}).status_code == 400
    assert world.ask("POST", "/execution/999999/extend", json={"hours": 1}).status_code == 404


def test_where_nothing_can_be_extended_that_is_said(world: "World") -> None:
    settings = world.collaborators.settings.model_copy(update={"idle": IdleSettings(max_extend_hours=0)})
    execution = world.submit()
    answer = world.with_(settings=settings).ask("POST", f"/execution/{execution}/extend", json={"hours": 1})
    assert answer.status_code == 403
    assert "administrator" in answer.json["message"]


def test_deadlines_are_told_while_it_runs_and_no_longer(world: "World") -> None:
    execution = world.submit()
    with world.database.session():
        write_idle(world.database, [idle_row(execution)], ())
    world.rows("UPDATE execution SET time_start = 100, runtime_limit = 60 WHERE id = %s", execution)
    told = {}
    for status in ("queued", "running", "terminated"):
        world.move(execution, status)
        found = world.get(f"/execution/{execution}")
        told[status] = (found["idle"], found["ends_at"])
        assert world.get("/execution")[str(execution)] == found
    assert told == {"queued": (None, None), "running": (SHOWN, 160.0), "terminated": (None, None)}


def test_a_change_of_what_is_shown_is_announced(world: "World") -> None:
    execution = world.submit()
    with world.database.session():
        world.database.rows("LISTEN zoe_changed")
        write_idle(world.database, [idle_row(execution)], ())
        connection = world.database.peewee.connection()
        connection.poll()
        heard = [notice.payload for notice in connection.notifies]
        world.database.discard()
    assert f"executions {execution}" in heard
