"""What was kept of a task goes with its execution: a real `zoe serve` and the real client."""

import shutil
import signal
from pathlib import Path

import httpx
import pytest

from tests.acceptance.conftest import Zoe, open_directory, until, zoe_maker
from tests.plugins.boinc_project import Project
from tests.plugins.test_zapp_boinc_resume import settings

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.xdist_group("boinc"),
    pytest.mark.skipif(not shutil.which("boinc"), reason="there is no BOINC client (apt-get install boinc-client)"),
]
TWO_SLOTS = {"ZOE_PLUGINS__PROCESS__CORES": "2", "ZOE_PLUGINS__PROCESS__MEMORY": "4G"}


def test_what_was_kept_is_removed_when_its_execution_ends_in_the_queue_and_no_answer_tells_the_key() -> None:
    with Project(tasks=2, work="600 0 10") as project, open_directory() as directory, zoe_maker() as make:
        backfilling = settings(project) | TWO_SLOTS | {"ZOE_PLUGINS__BOINC__BACKFILL__SHARE": "0.5"}
        zoe = make(directory, backfilling)
        zoe.lift_quota()
        of_person = start_leftover(zoe, project)
        of_backfill = until(lambda: one_of_backfill(zoe), "an execution of the backfill")
        until(lambda: "Starting task" in log_of(zoe, of_person), "a task of the person that computes")
        until(lambda: "Starting task" in log_of(zoe, of_backfill), "a task of the backfill that computes")
        answers = everything_told(zoe, of_person) + everything_told(zoe, of_backfill)
        assert project.key not in answers
        assert answers.count("{secret#account_key}") >= 2

        zoe.wait_for(zoe.submit("sleep 600", cores=2, image="bench:1"), "running")
        kept = [Path(directory, "workspaces", "admin", ".boinc", str(of_person))]
        kept.append(Path(directory, "workspaces", "backfill", ".boinc", str(of_backfill)))
        assert all(project.key in held_in(place) for place in kept)
        zoe.stop_execution(of_person)
        zoe.wait_for(of_person, "terminated")
        until(lambda: not kept[0].parent.exists(), "nothing kept for the person")
        zoe.end(signal.SIGTERM)
        assert kept[1].exists()

        zoe = make(directory, TWO_SLOTS)
        zoe.wait_for(of_backfill, "terminated")
        until(lambda: not kept[1].parent.exists(), "nothing kept for the backfill")
        assert project.key not in held_in(directory / "workspaces")
        assert project.key not in zoe.log.read_text()


def start_leftover(zoe: Zoe, project: Project) -> int:
    """Start a task of a person, on leftovers."""
    assert zoe.client is not None
    parameters = {"project_url": project.url, "account_key": project.key}
    order = {"name": "mine", "zapp_type": "boinc", "parameters": parameters, "opportunistic": True}
    return int(zoe.client.post("/execution", json=order).raise_for_status().json()["execution_id"])


def one_of_backfill(zoe: Zoe) -> int | None:
    found = zoe.get("/execution?status=running").values()
    return next((int(one["id"]) for one in found if one["backfill"] == "boinc"), None)


def log_of(zoe: Zoe, execution: int) -> str:
    assert zoe.client is not None
    (service,) = zoe.get(f"/execution/{execution}")["services"]
    return zoe.client.get(f"/service/logs/{service}?follow=false").text


def everything_told(zoe: Zoe, execution: int) -> str:
    """Return all that the API and the pages tell of a running execution."""
    assert zoe.client is not None
    (service,) = zoe.get(f"/execution/{execution}")["services"]
    api = [
        *("/execution", f"/execution/{execution}", f"/execution/{execution}/events"),
        *(f"/execution/endpoints/{execution}", f"/discovery/by_group/{execution}/boinc"),
        *(f"/service/{service}", f"/service/logs/{service}?follow=false", "/backfill", "/statistics/scheduler"),
    ]
    pages = (f"/executions/{execution}", f"/services/{service}/log", "/executions/all", "/cluster", "/metrics")
    root = httpx.URL(str(zoe.client.base_url)).copy_with(path="/")
    told = [zoe.client.get(path) for path in api] + [zoe.client.get(root.join(path)) for path in pages]
    assert [answer.url for answer in told if answer.status_code != httpx.codes.OK] == []
    return "\n".join(answer.text for answer in told)


def held_in(place: Path) -> str:
    """Return what stands in all files of a directory."""
    return "\n".join(file.read_text(errors="replace") for file in place.rglob("*") if file.is_file())
