"""What the pages of a running cluster say; all through the master, which leads on to every driver, wherever it is."""

import json
from collections.abc import Sequence
from typing import Any

from zapp_spark.parts import MASTER_UI_PORT
from zoe.plugin import RunningService

Found = dict[str, Any]
TIMEOUT_S = 5.0
"""A driver's first answer takes seconds on a busy machine: it loads what answers only then."""


def group(services: Sequence[RunningService], name: str) -> RunningService | None:
    """Return the first running service of a group."""
    return next((service for service in services if service.group == name), None)


def state(master: RunningService) -> Found:
    """Return what the master knows of its workers and applications; raises `OSError`, or `ValueError` if no JSON."""
    found = json.loads(master.fetch(MASTER_UI_PORT, "/json/", TIMEOUT_S))
    if not isinstance(found, dict):
        raise ValueError("the master did not answer with an object")  # noqa: TRY004 - the answer is malformed
    return found


def applications(master: RunningService) -> list[Found]:
    """Return the applications that are there now."""
    return list(state(master).get("activeapps") or ())


def jobs(master: RunningService, application: Found, query: str = "") -> list[Found]:
    """Return the jobs of an application, as its driver tells them."""
    number = application["id"]
    path = f"/proxy/{number}/api/v1/applications/{number}/jobs{query}"
    return list(json.loads(master.fetch(MASTER_UI_PORT, path, TIMEOUT_S)))


def metrics(master: RunningService, application: Found) -> Found:
    """Return the gauges of an application's driver by name."""
    path = f"/proxy/{application['id']}/metrics/json/"
    return dict(json.loads(master.fetch(MASTER_UI_PORT, path, TIMEOUT_S))["gauges"])


def count(number: int, noun: str) -> str:
    """Write a number with its noun."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
