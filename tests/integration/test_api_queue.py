"""What a person is told who waits."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from falcon.testing import TestClient
from pydantic import BaseModel, SecretStr

from zoe.api.application import create_app
from zoe.config import SchedulerSettings, Settings
from zoe.plugin import Deployment, NoSettings, ZAppType
from zoe.state.active import submitted
from zoe.state.lifecycle import Status, Step, write

if TYPE_CHECKING:
    from tests.integration.conftest import World


def zapp(cores: float) -> dict[str, Any]:
    resources = {"memory": {"min": 1 << 20, "max": None}, "cores": {"min": cores, "max": None}}
    service = {"name": "task", "image": "test:1", "monitor": True, "total_count": 1, "essential_count": 1}
    service |= {"resources": resources, "command": "true"}
    return {"name": "test-app", "version": 3, "will_end": True, "services": [service]}


@pytest.fixture
def machine(world: "World") -> None:
    world.rows(
        "INSERT INTO node (name, cores, memory, gpus, labels, online, remarks, seen) "
        "VALUES ('node1', 4, 1 << 30, 0, '[]', true, '[]', 0) RETURNING id"
    )


def test_who_submits_what_can_never_start_is_told_so_at_once(world: "World", machine: None) -> None:
    answer = world.ask("POST", "/execution", json={"application": zapp(5), "name": "too-big"})
    assert answer.status_code == 201
    [warning] = answer.json["warnings"]
    assert warning["path"] == "services"
    assert warning["message"].startswith("this can never start on this cluster: task needs 5 cores")
    assert world.ask("POST", "/execution", json={"application": zapp(4), "name": "fits"}).json["warnings"] == []


def test_where_quotas_hold_back_nothing_is_refused(world: "World") -> None:
    world.rows("UPDATE quota SET concurrent_executions = 1 RETURNING id")
    settings = world.collaborators.settings.model_copy(update={"scheduler": SchedulerSettings(over_quota="queue")})
    client = TestClient(create_app(replace(world.collaborators, settings=settings)))
    headers = {"Authorization": f"Bearer {world.tokens['admin']}"}
    for _ in range(3):
        body = {"application": zapp(1), "name": "one"}
        answer = client.simulate_post("/api/0.7/execution", json=body, headers=headers)
        assert (answer.status_code, answer.json["warnings"]) == (201, [])


def test_who_submits_more_than_the_quota_will_ever_allow_is_told_so_at_once(world: "World", machine: None) -> None:
    world.rows("UPDATE quota SET cores = 2 RETURNING id")
    client = TestClient(create_app(replace(world.collaborators, settings=Settings(data_dir=Path("/nowhere")))))
    headers = {"Authorization": f"Bearer {world.tokens['admin']}"}
    body = {"application": zapp(3), "name": "greedy"}
    answer = client.simulate_post("/api/0.7/execution", json=body, headers=headers)
    assert answer.status_code == 201
    assert "this execution alone needs more" in answer.json["warnings"][0]["message"]


def test_a_secret_parameter_is_kept_for_the_service_alone_and_only_until_the_end(world: "World") -> None:
    class Parameters(BaseModel):
        key: SecretStr

    class Secretive(ZAppType):
        """Needs a key."""

        name = "secretive"

        def zapp(self, parameters: BaseModel) -> dict[str, object]:
            document = zapp(1)
            document["services"][0]["environment"] = [["KEY", "{secret#key}"]]
            return document

    Secretive.Parameters = Parameters
    kind = Secretive(NoSettings(), Deployment("testing", "id", Path("/nowhere")))
    client = TestClient(create_app(replace(world.collaborators, zapp_types={"secretive": kind})))
    headers = {"Authorization": f"Bearer {world.tokens['admin']}"}
    body = {"zapp_type": "secretive", "parameters": {"key": "hush-hush"}, "name": "one"}
    created = client.simulate_post("/api/0.7/execution", json=body, headers=headers)
    assert created.status_code == 201, created.text
    number = created.json["execution_id"]
    for path in ("execution", f"execution/{number}", f"execution/{number}/events"):
        assert "hush-hush" not in client.simulate_get(f"/api/0.7/{path}", headers=headers).text
    with world.collaborators.database.session():
        [(row, _)] = submitted(world.collaborators.database, 10)
        assert row.secrets == {"key": "hush-hush"}
        assert "hush-hush" not in repr(row)
        step = Step(number, Status.SUBMITTED, Status.TERMINATED, 1.0)
        write(world.collaborators.database, [step])
    assert world.rows("SELECT secrets FROM execution") == [(None,)]


def test_where_services_find_each_other_on_one_node_only_it_is_told_what_no_node_could_hold(
    world: "World", machine: None
) -> None:
    world.rows(
        "INSERT INTO node (name, cores, memory, gpus, labels, online, remarks, seen) "
        "VALUES ('node2', 4, 1 << 30, 0, '[]', true, '[]', 0) RETURNING id"
    )
    two = zapp(3) | {"name": "two-parts"}
    two["services"][0] |= {"total_count": 2, "essential_count": 2}
    body, headers = {"application": two, "name": "two"}, {"Authorization": f"Bearer {world.tokens['admin']}"}
    assert world.ask("POST", "/execution", json=body).json["warnings"] == []
    client = TestClient(create_app(replace(world.collaborators, one_node_networks=True)))
    [warning] = client.simulate_post("/api/0.7/execution", json=body, headers=headers).json["warnings"]
    assert "find each other on one node only) needs 6 cores and 2 MiB of memory on one node" in warning["message"]
