"""How far a task is, as its service tells on a port of its own."""

import json
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException

from zapp_boinc.document import GROUP, PROGRESS_PORT
from zoe.plugin import Address, Progress, RunningService

TIMEOUT_S = 1.0
LARGEST_ANSWER = 4096


def look(services: Sequence[RunningService]) -> Progress | None:
    """Return how far the task is; None while nobody answers."""
    service = next((service for service in services if service.group == GROUP), None)
    if service is None:
        return None
    try:
        return _read(_fetch(service.dial(PROGRESS_PORT)))
    except (OSError, HTTPException, ValueError):
        return None


def _read(answer: bytes) -> Progress | None:
    """Take nothing on trust: a stranger's program runs beside the one that is asked."""
    told = json.loads(answer)
    if not isinstance(told, dict) or not isinstance(told.get("text"), str):
        return None
    fraction = told.get("fraction")
    if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not 0 <= fraction <= 1:
        fraction = None
    return Progress(told["text"][:200], fraction)


def _fetch(address: Address) -> bytes:
    connection = HTTPConnection(address.host, address.port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read(LARGEST_ANSWER)
    finally:
        connection.close()
