"""The idle cluster works for a project: a real `zoe serve` and the real client; a task that made room is done once."""

import json
import shutil
from pathlib import Path

import pytest

from tests.acceptance.conftest import open_directory, until, zoe_maker
from tests.engines.daemon import Daemon
from tests.plugins.boinc_project import Project
from tests.plugins.boinc_project.books import DONE
from tests.plugins.boinc_project.image import IMAGE, give_boinc
from tests.plugins.test_zapp_boinc_backends import own_address

pytestmark = [pytest.mark.engine, pytest.mark.slow]
with_client = pytest.mark.skipif(
    not shutil.which("boinc"), reason="there is no BOINC client (apt-get install boinc-client)"
)


def settings(project: Project) -> dict[str, str]:
    """The idle room is the project's."""
    backfill = "ZOE_PLUGINS__BOINC__BACKFILL__"
    return {
        "ZOE_PLUGINS__BOINC__RETRY_DELAY": "[2, 5]",
        f"{backfill}PROJECT": project.url,
        f"{backfill}KEY": project.key,
        f"{backfill}IDLE_MINUTES": "0",
        f"{backfill}MEMORY": "1G",
        "ZOE_MASTER__STOP_GRACE": "10",
    }


@with_client
@pytest.mark.xdist_group("boinc")
def test_a_task_of_the_backfill_that_made_room_goes_on_and_is_done_once() -> None:
    one_slot = {"ZOE_PLUGINS__PROCESS__CORES": "1", "ZOE_PLUGINS__PROCESS__MEMORY": "4G"}
    with Project(tasks=2, work="20 0 10") as project:
        a_task_makes_room_and_is_done_once(project, settings(project) | one_slot, "bench:1", cores=1)


@pytest.mark.xdist_group("docker")
def test_a_container_of_the_backfill_that_made_room_goes_on_and_is_done_once(docker_engine: Daemon) -> None:
    give_boinc(docker_engine)
    with docker_engine.client() as client:
        cores = client.info()["NCPU"]
    one_slot = {
        "ZOE_BACKEND__NAME": "docker",
        "ZOE_PLUGINS__DOCKER__ENGINES": json.dumps([{"name": "node1", "url": docker_engine.url}]),
        "ZOE_PLUGINS__DOCKER__PULL": "never",
        "ZOE_PLUGINS__BOINC__BACKFILL__CORES": str(cores),
        "ZOE_PLUGINS__BOINC__BACKFILL__IMAGE": IMAGE,
    }
    with Project(tasks=2, work="20 0 10", host=own_address()) as project:
        try:
            a_task_makes_room_and_is_done_once(project, settings(project) | one_slot, "busybox:latest", cores)
        finally:
            clear_away_the_next(docker_engine)


def clear_away_the_next(engine: Daemon) -> None:
    """Idle room is given to the project again, and Zoe was killed over it."""
    with engine.client() as client:
        for container in client.containers(all=True, filters={"name": "boinc0"}):
            client.remove_container(container["Id"], force=True)


def a_task_makes_room_and_is_done_once(project: Project, environment: dict[str, str], image: str, cores: float) -> None:
    """Fill the one slot with a task, take it for somebody, and see the task through."""
    with open_directory() as directory, zoe_maker() as make:
        zoe = make(directory, environment)
        zoe.lift_quota()
        (first,) = until(lambda: list(zoe.get("/execution?status=running").values()), "an execution of the backfill")
        logs = f"/service/logs/{first['services'][0]}?follow=false"
        assert zoe.client is not None
        client = zoe.client
        until(lambda: "Starting task" in client.get(logs).text, "a task that computes")
        regular = zoe.submit("sleep 1", cores=cores, image=image)
        zoe.wait_for(regular, "terminated")
        assert list(Path(directory, "workspaces", "backfill", ".boinc").iterdir())
        ended = zoe.wait_for(first["id"], "terminated", "error")
        assert (ended["status"], ended["exit_code"]) == ("terminated", 0), client.get(logs).text
        assert project.books.tasks[0].state == DONE
        assert project.books.tasks[0].exit_statuses == [0]
        book = zoe.get("/backfill")["boinc"]
        assert (book["done"], book["failed"], book["made_room"]) == (1, 0, 1)
        assert project.key not in zoe.log.read_text()
