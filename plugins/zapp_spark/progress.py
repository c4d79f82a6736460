"""How far a Spark application is, as its own web interfaces tell: one look is at most two short HTTP calls."""

import json
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException
from typing import Any

from zapp_spark.document import DRIVER_UI_PORT, MASTER_UI_PORT
from zoe.plugin import Address, Progress, RunningService

TIMEOUT_S = 1.0
LARGEST_ANSWER = 4 * 1024**2


def look(services: Sequence[RunningService]) -> Progress | None:
    """Return how far the application is; None while nobody answers."""
    master = _fetch(services, "spark-master", MASTER_UI_PORT, "/json/")
    if not isinstance(master, dict):
        return None
    workers = sum(worker.get("state") == "ALIVE" for worker in master.get("workers", ()))
    applications = master.get("activeapps") or ()
    if not applications:
        return _before_the_driver(workers, ended=bool(master.get("completedapps")))
    path = f"/api/v1/applications/{applications[0]['id']}/jobs"
    jobs = _fetch(services, "spark-driver", DRIVER_UI_PORT, path)
    return of_jobs(jobs if isinstance(jobs, list) else [], workers)


def of_jobs(jobs: Sequence[dict[str, Any]], workers: int) -> Progress:
    """Sum up the jobs that Spark knows so far: a script may start more, and the fraction then falls."""
    tasks = sum(job["numTasks"] - job["numSkippedTasks"] for job in jobs)
    if not tasks:
        return Progress(f"application started, {_count(workers, 'worker')}")
    done = sum(job["numCompletedTasks"] for job in jobs)
    stages = sum(len(job["stageIds"]) - job["numSkippedStages"] for job in jobs)
    finished = sum(job["numCompletedStages"] for job in jobs)
    text = f"stage {min(finished + 1, stages)} of {stages}: {done} of {tasks} tasks, {_count(workers, 'worker')}"
    return Progress(text, min(done / tasks, 1.0))


def _before_the_driver(workers: int, *, ended: bool) -> Progress:
    said = "application finished" if ended else "waiting for the driver"
    return Progress(f"{said}, {_count(workers, 'worker')}")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _fetch(services: Sequence[RunningService], group: str, port: int, path: str) -> object:
    """Return the JSON at a path of a service's web interface; None where it does not answer, or not in JSON."""
    service = next((service for service in services if service.group == group), None)
    if service is None:
        return None
    try:
        return _get(service.dial(port), path)
    except (OSError, HTTPException, ValueError):
        return None


def _get(address: Address, path: str) -> object:
    connection = HTTPConnection(address.host, address.port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return json.loads(answer.read(LARGEST_ANSWER)) if answer.status == 200 else None
    finally:
        connection.close()
