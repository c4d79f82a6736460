"""Why a container ended, as far as its engine knows."""

import re
from dataclasses import replace

from docker.errors import APIError

from backend_docker.client import Client
from backend_docker.reports import Said, from_death, from_inspection
from backend_docker.words import SILENCE
from zoe.plugin import ServiceReport, ServiceState

_NOT_STARTED = (126, 127)
_FATAL = re.compile(rb"\[FATAL [^\]]*\] (.*)")


def died(client: Client, node: str, event: Said) -> ServiceReport | None:
    """Read the event of an end; after a failure the engine is asked for more."""
    report = from_death(node, event)
    if report is None or report.exit_code == 0:
        return report
    try:
        found = from_inspection(node, client.inspect_container(event["Actor"]["ID"]))
    except SILENCE:
        return report
    # Restarted by hand meanwhile: the event stands.
    ended = found is not None and found.state in {ServiceState.DEAD, ServiceState.OOM_KILLED}
    return explained(client, event["Actor"]["ID"], found if found is not None and ended else report)


def explained(client: Client, container: str, report: ServiceReport) -> ServiceReport:
    """Add what the container's own init said, where it could not execute the command."""
    if report.exit_code not in _NOT_STARTED:
        return report
    try:
        with_time = b"".join(frame for _, frame in client.log_frames(container, follow=False))
    except (APIError, *SILENCE):
        return report
    found = _FATAL.search(with_time)
    return replace(report, reason=f"could not be started: {found[1].decode(errors='replace')}") if found else report
