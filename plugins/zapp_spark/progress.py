"""How far a Spark application is, as its own web interfaces tell: one look is a few short HTTP calls."""

from collections.abc import Mapping, Sequence
from typing import Any

from zapp_spark import pages
from zapp_spark.pages import count
from zoe.plugin import Progress, RunningService

RATES = ("inputRate-total", "processingRate-total")


def look(services: Sequence[RunningService]) -> Progress | None:
    """Return how far the applications are; None while nobody answers."""
    master = pages.group(services, "spark-master")
    try:
        return _look(master, services) if master else None
    except (OSError, ValueError):
        return None


def _look(master: RunningService, services: Sequence[RunningService]) -> Progress:
    state = pages.state(master)
    workers, applications = _workers(state), state.get("activeapps") or ()
    if not applications:
        return _without_application(services, workers, ended=bool(state.get("completedapps")))
    jobs = [job for application in applications for job in _jobs(master, application)]
    return of_jobs(jobs, workers)


def _jobs(master: RunningService, application: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the jobs of an application; none while its driver does not answer."""
    try:
        return pages.jobs(master, application)
    except (OSError, ValueError):
        return []


def streaming(services: Sequence[RunningService]) -> Progress | None:
    """Return the rates of the running queries; before there are any, what can be told of every application."""
    master = pages.group(services, "spark-master")
    try:
        applications = pages.applications(master) if master else []
        rates = of_gauges(pages.metrics(master, applications[0])) if master and applications else None
    except (OSError, ValueError, LookupError):
        rates = None
    return Progress(rates) if rates else look(services)


def of_gauges(gauges: Mapping[str, Any]) -> str | None:
    """Sum up the queries: rows that come in and rows that are worked off, each by the second."""
    found = {
        rate: [gauge.get("value") or 0.0 for name, gauge in gauges.items() if name.endswith(f".{rate}")]
        for rate in RATES
    }
    comes, goes = (found[rate] for rate in RATES)
    if not comes:
        return None
    return f"{count_of_queries(len(comes))}: {sum(comes):.0f} rows/s in, {sum(goes):.0f} rows/s processed"


def count_of_queries(number: int) -> str:
    """Write how many queries there are."""
    return "1 query" if number == 1 else f"{number} queries"


def of_jobs(jobs: Sequence[dict[str, Any]], workers: int) -> Progress:
    """Sum up the jobs that Spark knows so far: a script may start more, and the fraction then falls."""
    tasks = sum(job["numTasks"] - job["numSkippedTasks"] for job in jobs)
    if not tasks:
        return Progress(f"application started, {count(workers, 'worker')}")
    done = sum(job["numCompletedTasks"] for job in jobs)
    stages = sum(len(job["stageIds"]) - job["numSkippedStages"] for job in jobs)
    finished = sum(job["numCompletedStages"] for job in jobs)
    text = f"stage {min(finished + 1, stages)} of {stages}: {done} of {tasks} tasks, {count(workers, 'worker')}"
    return Progress(text, min(done / tasks, 1.0))


def _without_application(services: Sequence[RunningService], workers: int, *, ended: bool) -> Progress:
    waits = any(service.group == "spark-driver" for service in services)
    said = ("application finished" if ended else "waiting for the driver") if waits else "no application"
    return Progress(f"{said}, {count(workers, 'worker')}")


def _workers(state: Mapping[str, Any]) -> int:
    return sum(worker.get("state") == "ALIVE" for worker in state.get("workers", ()))
