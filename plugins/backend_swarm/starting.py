"""Waiting until a service that the Swarm was given runs, and giving it once more where its node was behind."""

import time
from collections.abc import Callable

from backend_docker.known import ENDED
from backend_swarm.board import Board
from backend_swarm.settings import SwarmSettings
from zoe.errors import BackendBusyError, BackendRefusedError
from zoe.plugin import Handle, ServiceReport, ServiceState

_LOOK_AGAIN = 1.0
_PAUSE = 0.25
_NO_ROOM = "no suitable node"
_OVERLAP = "Pool overlaps"


class NodeBehindError(BackendBusyError):
    """The node still has the subnet for a network that is gone elsewhere, or for one that only it knows."""


def patiently(give: Callable[[], ServiceReport], seconds: float) -> ServiceReport:
    """Give a service to the Swarm until its node takes it, for so long; another network has another subnet."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return give()
        except NodeBehindError:
            if time.monotonic() + _PAUSE > deadline:
                raise
        time.sleep(_PAUSE)


def until_it_runs(board: Board, handle: Handle, settings: SwarmSettings) -> ServiceReport:
    """Return what is heard of a service once it runs, or has run.

    Raises:
        BackendRefusedError: it will not run.
        BackendBusyError: it might later, or elsewhere.

    """
    deadline = time.monotonic() + settings.start_patience
    room_by = time.monotonic() + settings.busy_patience
    while time.monotonic() < deadline:
        last = board.wait(handle, _has_begun, _LOOK_AGAIN)
        if last is not None and _has_begun(last):
            return _started(last)
        if board.is_gone(handle):
            raise BackendRefusedError("it was removed from the Swarm while it started")
        error = board.error(handle)
        if _NO_ROOM in error and time.monotonic() > room_by:
            raise BackendBusyError(f"the Swarm says: {error}")
    raise BackendRefusedError(f"it did not run within {settings.start_patience:g} s: {board.error(handle)}")


def _has_begun(report: ServiceReport | None) -> bool:
    return report is not None and report.state != ServiceState.CREATED


def _started(report: ServiceReport) -> ServiceReport:
    if (report.state not in ENDED or report.exit_code is not None) and report.exit_code != -1:
        return report
    why = report.reason or "the Swarm does not say why"
    if _OVERLAP in why:
        advice = "nothing but networks of Zoe may use addresses of network.subnets there"
        raise NodeBehindError(f"the node {report.node} uses the subnet for something else ({why}): {advice}")
    raise BackendRefusedError(why)
