"""How far a task is, as its service tells on a port of its own."""

import json
from collections.abc import Sequence

from zapp_boinc.document import GROUP, PROGRESS_PORT
from zoe.plugin import Progress, RunningService

TIMEOUT_S = 1.0
LARGEST_ANSWER = 4096


def look(services: Sequence[RunningService]) -> Progress | None:
    """Return how far the task is; None while nobody answers."""
    service = next((service for service in services if service.group == GROUP), None)
    if service is None:
        return None
    try:
        return _read(service.fetch(PROGRESS_PORT, "/", TIMEOUT_S)[:LARGEST_ANSWER])
    except (OSError, ValueError):
        return None


def ask_to_keep(services: Sequence[RunningService]) -> None:
    """Have the task kept when the service is stopped.

    Raises:
        OSError: it will not be: it is given back to the project.

    """
    for service in services:
        if service.group == GROUP:
            service.fetch(PROGRESS_PORT, "/keep", TIMEOUT_S)


def _read(answer: bytes) -> Progress | None:
    """Take nothing on trust: a stranger's program runs beside the one that is asked."""
    told = json.loads(answer)
    if not isinstance(told, dict) or not isinstance(told.get("text"), str):
        return None
    fraction = told.get("fraction")
    if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not 0 <= fraction <= 1:
        fraction = None
    return Progress(told["text"][:200], fraction)
