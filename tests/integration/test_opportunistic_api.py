"""Opportunistic executions at the API: said by whoever submits or by the ZApp type, and never counted."""

from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from zoe.plugin import Deployment, NoSettings, ZAppType

World = Any


class LeftoverParameters(BaseModel):
    keep: bool = False


class Leftover(ZAppType):
    """Runs on leftovers unless told otherwise, and then keeps its work."""

    name = "leftover"
    Parameters: ClassVar[type[BaseModel]] = LeftoverParameters
    opportunistic = True

    def when_opportunistic(self, parameters: BaseModel) -> BaseModel:
        return parameters.model_copy(update={"keep": True})

    def zapp(self, parameters: BaseModel) -> dict[str, object]:
        assert isinstance(parameters, LeftoverParameters)
        service = {"name": "leftover", "image": "i:1", "monitor": True, "total_count": 1, "essential_count": 1}
        service |= {"command": f"keep {parameters.keep}", "startup_order": 0}
        service["resources"] = {"memory": {"min": 1 << 20, "max": None}, "cores": {"min": 1, "max": None}}
        return {"name": "left", "version": 3, "will_end": True, "services": [service]}


@pytest.fixture
def leftovers(world: World) -> World:
    """The API, with a ZApp type that is opportunistic."""
    deployment = Deployment("testing", "id", world.collaborators.settings.data_dir)
    return world.with_(zapp_types={"leftover": Leftover(NoSettings(), deployment)})


def post(world: World, body: dict[str, Any], username: str = "admin") -> Any:
    return world.ask("POST", "/execution", username, json={"name": "x"} | body)


def of_type(world: World, **more: Any) -> dict[str, Any]:
    answer = post(world, {"zapp_type": "leftover"} | more)
    assert answer.status_code == 201, answer.json
    found = world.get(f"/execution/{answer.json['execution_id']}")
    assert isinstance(found, dict)
    return found


def test_an_execution_is_regular_unless_somebody_says_otherwise(world: World, make_zapp: Any) -> None:
    number = world.submit()
    assert world.get(f"/execution/{number}")["opportunistic"] is False
    answer = post(world, {"application": make_zapp(), "opportunistic": True})
    shown = world.get(f"/execution/{answer.json['execution_id']}")
    assert (shown["opportunistic"], shown["backfill"]) == (True, None)


def test_a_zapp_type_that_is_opportunistic_makes_its_executions_so(leftovers: World) -> None:
    found = of_type(leftovers)
    assert found["opportunistic"] is True
    assert found["parameters"] == {"keep": True}
    assert found["description"]["services"][0]["command"] == "keep True"


def test_who_submits_may_say_otherwise_than_the_zapp_type(leftovers: World) -> None:
    found = of_type(leftovers, opportunistic=False)
    assert (found["opportunistic"], found["parameters"]) == (False, {"keep": False})


@pytest.mark.parametrize("odd", ["yes", 1, "true", []])
def test_anything_but_true_and_false_is_refused_with_the_field(world: World, make_zapp: Any, odd: object) -> None:
    answer = post(world, {"application": make_zapp(), "opportunistic": odd})
    assert answer.status_code == 400
    assert [fault["path"] for fault in answer.json["errors"]] == ["opportunistic"]


def test_no_quota_refuses_an_opportunistic_execution_and_none_counts_it(world: World, make_zapp: Any) -> None:
    world.add_user("ada", concurrent_executions=1, cores=1, memory=2**30)
    for _ in range(3):
        assert post(world, {"application": make_zapp(), "opportunistic": True}, "ada").status_code == 201
    assert post(world, {"application": make_zapp()}, "ada").status_code == 201
    assert post(world, {"application": make_zapp()}, "ada").status_code == 409
    assert post(world, {"application": make_zapp(), "opportunistic": True}, "ada").status_code == 201


def test_no_runtime_limit_of_a_quota_ends_an_opportunistic_execution(world: World, make_zapp: Any) -> None:
    world.add_user("ada", runtime_limit=1)
    post(world, {"application": make_zapp(), "opportunistic": True}, "ada")
    post(world, {"application": make_zapp()}, "ada")
    assert world.rows("SELECT opportunistic, runtime_limit FROM execution ORDER BY id") == [(True, 0), (False, 3600)]
