"""Whether anybody works on a Spark cluster, as Jupyter and Spark themselves tell."""

import json
from collections.abc import Iterator, Sequence

from zapp_spark import pages
from zoe.plugin import RunningService

LAB_PORT, LAB_PATH = 8888, "/zoe/activity"


def busy(services: Sequence[RunningService]) -> str | None:
    """Tell in a few words what is at work; None if nothing is.

    Raises:
        OSError: a service did not answer, so that nobody knows.
        ValueError: it did not answer in JSON.

    """
    return ", ".join([*_kernels(services), *_jobs(services)]) or None


def _kernels(services: Sequence[RunningService]) -> Iterator[str]:
    for service in services:
        if service.group == "notebook":
            working = json.loads(service.fetch(LAB_PORT, LAB_PATH))["busy"]
            if working:
                yield f"{pages.count(working, 'kernel')} of {service.name}"


def _jobs(services: Sequence[RunningService]) -> Iterator[str]:
    master = pages.group(services, "spark-master")
    if master is None:
        return
    for application in pages.applications(master):
        running = len(pages.jobs(master, application, "?status=running"))
        if running:
            yield f"{pages.count(running, 'Spark job')} of {application['name']}"
