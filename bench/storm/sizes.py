"""The four sizes of the storm: where it rages, what it submits, and what it is measured against."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.connection import zapp
from bench.report import Figure
from bench.served import data_directory
from bench.storm import raw
from bench.storm.books import Books
from bench.storm.clients import Crowd
from bench.storm.course import Storm
from bench.storm.service import plugin_path, service
from tests.engines.single import docker_engine
from tests.plugins.boinc_project import Project
from tests.plugins.boinc_project.books import DONE

SLOTS = 16
_SECOND = "sleep 1"
_MEMORY = 8 << 20
_RATIO_AIM = "at least 0.9"


@dataclass(frozen=True, slots=True)
class Size:
    """How much of a storm, how often the service is killed in the middle of it, and how often it is asked something."""

    executions: int
    clients: int
    kills: int
    probe_seconds: float = 0.2


def queue(size: Size) -> dict[str, Figure]:
    """Rage over a backend without cost."""
    with data_directory() as directory:
        environment = {
            "PYTHONPATH": plugin_path(directory),
            "ZOE_BACKEND__NAME": "storm",
            "ZOE_PLUGINS__STORM__DIRECTORY": str(directory),
            "ZOE_PLUGINS__STORM__SLOTS": str(SLOTS),
        }
        often = replace(size, probe_seconds=0.02)
        order = {"application": zapp("true", cores=1.0)}
        figures = _rage(directory, environment, often, order, directory / "books")
    rate = figures["rate_per_s"]
    return figures | {"rate_per_s": Figure(rate.value, rate.unit, "at least 200")}


def process(size: Size) -> dict[str, Figure]:
    """Rage over real processes, each a second long."""
    with data_directory() as directory:
        bare = raw.rate(raw.process(_SECOND, directory), _share(size), SLOTS)
        environment = {"ZOE_PLUGINS__PROCESS__CORES": str(SLOTS)}
        return _beside(bare, _rage(directory, environment, size, _noted(), _workspace_books(directory)))


def docker(size: Size) -> dict[str, Figure]:
    """Rage over containers of a real engine, each a second long."""
    with docker_engine() as daemon, data_directory() as directory:
        with daemon.client() as client:
            cores = client.info()["NCPU"]
        plain = raw.rate(raw.plain(daemon, _SECOND), _share(size), SLOTS)
        with raw.alike(daemon, _SECOND, cores / SLOTS, directory) as run:
            # As many as Zoe runs, so that the last of them leave as many slots empty.
            before = raw.rate(run, size.executions // 2, SLOTS)
            environment = {"ZOE_BACKEND__NAME": "docker", "DOCKER_HOST": daemon.url}
            order = _noted("busybox:latest", cores / SLOTS)
            figures = _rage(directory, environment, size, order, _workspace_books(directory))
            after = raw.rate(run, size.executions - size.executions // 2, SLOTS)
        beside = {"plain_rate_per_s": Figure(plain, "1/s")}
        return _beside((before + after) / 2, figures) | beside


def boinc(size: Size) -> dict[str, Figure]:
    """Rage with the real BOINC client against the test project; its books have to agree with Zoe's."""
    with Project(tasks=size.executions, work="1 0 10") as project, data_directory() as directory:
        order = {"zapp_type": "boinc", "parameters": {"project_url": project.url, "account_key": project.key}}
        environment = {"ZOE_PLUGINS__PROCESS__CORES": str(SLOTS), "ZOE_PLUGINS__PROCESS__MEMORY": f"{SLOTS}G"}
        with service(directory, environment) as serving:
            storm = Storm(serving, Crowd(size.clients, size.executions, order), size.kills)
            storm.rage()
        ended_well = Counter(id_ for id_, one in storm.ended.items() if one["status"] == "terminated")
        figures = storm.figures(ended_well)
        done = project.books.in_state(DONE)
        twice = sum(len(task.sent_to) != 1 for task in project.books.tasks)
    return figures | {
        "tasks_done": Figure(len(done), "", str(size.executions)),
        "lost": Figure(figures["lost"].value + size.executions - len(done), "", "0"),
        "doubled": Figure(figures["doubled"].value + twice, "", "0"),
    }


def _rage(
    directory: Path, environment: Mapping[str, str], size: Size, order: Mapping[str, Any], books: Path
) -> dict[str, Figure]:
    with service(directory, environment) as serving:
        storm = Storm(serving, Crowd(size.clients, size.executions, order), size.kills, size.probe_seconds)
        storm.rage()
        return storm.figures(Books(books).executions())


def _noted(image: str = "bench:1", cores: float = 1.0) -> dict[str, Any]:
    """Return an order for a second of work that writes itself into the books."""
    application = zapp(f'echo "$EXECUTION_ID" >> "$ZOE_WORKSPACE/books"; {_SECOND}', cores=cores, memory=_MEMORY)
    application["services"][0]["image"] = image
    return {"application": application}


def _share(size: Size) -> int:
    """Return how much of it the raw engine does: a fifth, in full waves."""
    return max(1, size.executions // 5 // SLOTS) * SLOTS


def _workspace_books(directory: Path) -> Path:
    return directory / "workspaces" / "admin" / "books"


def _beside(bare: float, figures: dict[str, Figure]) -> dict[str, Figure]:
    ratio = Figure(figures["rate_per_s"].value / bare, "", _RATIO_AIM)
    return figures | {"raw_rate_per_s": Figure(bare, "1/s"), "ratio_to_raw": ratio}


SIZES: dict[str, tuple[Callable[[Size], dict[str, Figure]], int]] = {
    "queue": (queue, 10_000),
    "process": (process, 2_000),
    "docker": (docker, 500),
    "boinc": (boinc, 200),
}
"""By name: how it is measured, and how many executions."""
