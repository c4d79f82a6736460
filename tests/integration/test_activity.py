"""Signs of use are written down for many executions at once, and never for what is gone."""

from typing import TYPE_CHECKING

import pytest

from zoe.errors import NotFoundError, RequestInvalidError
from zoe.state.activity import Activity, activities, extend, note_activity

if TYPE_CHECKING:
    from tests.integration.conftest import World


def test_the_latest_sign_of_use_of_each_kind_is_kept(world: "World") -> None:
    first, second = world.submit(), world.submit()
    with world.database.session():
        note_activity(world.database, {first: 20.0, second: 30.0}, "traffic")
        note_activity(world.database, {first: 10.0}, "traffic")
        note_activity(world.database, {first: 15.0}, "proxy")
        note_activity(world.database, {}, "proxy")
        known = activities(world.database, [first, second])
    assert known == {first: Activity("admin", 20.0, 15.0), second: Activity("admin", 30.0)}


def test_signs_of_use_of_ended_and_forgotten_executions_are_left_out(world: "World") -> None:
    ended = world.submit()
    world.move(ended, "terminated")
    with world.database.session():
        note_activity(world.database, {ended: 20.0, 999_999: 20.0}, "proxy")
        assert activities(world.database, [ended]) == {ended: Activity("admin")}


def test_a_lease_is_never_shortened(world: "World") -> None:
    execution = world.submit()
    with world.database.session():
        assert extend(world.database, execution, 500.0, "ada") == 500.0
        assert extend(world.database, execution, 400.0, "bob") == 500.0
        assert activities(world.database, [execution])[execution].lease_until == 500.0


def test_what_has_ended_or_never_was_cannot_be_extended(world: "World") -> None:
    ended = world.submit()
    world.move(ended, "error")
    with world.database.session():
        with pytest.raises(RequestInvalidError):
            extend(world.database, ended, 500.0, "ada")
        with pytest.raises(NotFoundError):
            extend(world.database, 999_999, 500.0, "ada")
