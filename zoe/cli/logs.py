"""`zoe logs`: what a service has printed, and with --follow what it prints, until it ends and how."""

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zoe.cli import views
from zoe.cli.invocation import Invocation, shared
from zoe.errors import NotFoundError

if TYPE_CHECKING:
    from zoe.client import Client, Execution

Number = Annotated[int, typer.Argument(metavar="EXECUTION", help="Number of the execution.", show_default=False)]
ENDING = frozenset({"cleaning up", "terminated", "error"})


@shared
def logs(
    invocation: Invocation,
    execution: Number,
    name: Annotated[
        str | None, typer.Argument(metavar="[SERVICE]", help="Name of a service; otherwise the monitor.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the service ends, and say how.")] = False,
    service: Annotated[
        int | None, typer.Option(metavar="ID", help="A service by its id instead.", show_default=False)
    ] = None,
) -> None:
    """Print the log of one service of an execution.

    With --follow, how it ended is told on standard error; with --json each line is a JSON document of its own then.

    Examples:
        zoe logs 7
        zoe logs 7 spark-worker0 -f
        zoe logs 7 --service 31

    """
    with invocation.client() as client:
        found = client.execution(execution)
        wanted = client.service(service) if service is not None else find_service(client, found, name)
        lines = client.logs(wanted["id"], follow=follow)
        if follow and not invocation.as_json and (sentence := to_come(found)):
            sys.stderr.write(sentence + "\n")
        if invocation.as_json and not follow:
            invocation.answer({"service_id": wanted["id"], "lines": list(lines)})
            return
        write_lines(_as_documents(wanted["id"], lines) if invocation.as_json else lines)
        if follow:
            _tell_the_end(client, invocation, found, wanted)


def write_lines(lines: Iterator[str]) -> None:
    """Write log lines as they come."""
    for line in lines:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def _as_documents(service: int, lines: Iterator[str]) -> Iterator[str]:
    return (json.dumps({"service_id": service, "line": line}) for line in lines)


def _tell_the_end(client: "Client", invocation: Invocation, execution: "Execution", service: dict[str, Any]) -> None:
    """Say how it ended: the execution, if it ends with this service, otherwise the service alone."""
    execution = client.execution(execution["id"])
    if service["service_group"] in monitors(execution) or execution["status"] in ENDING:
        *_, execution = client.changes(execution["id"])
    if invocation.as_json:
        keys = ("id", "status", "exit_code", "error_message")
        write_lines(iter([json.dumps({"execution": {key: execution.get(key) for key in keys}})]))
        return
    sys.stderr.write(outcome(execution, service["name"]) + "\n")


def to_come(execution: "Execution") -> str:
    """Say why there is no log yet, if there can be none."""
    if execution["status"] not in {"submitted", "queued", "starting"}:
        return ""
    why = views.why_plain(execution)
    return f"Execution {execution['id']} is {execution['status']}{f' ({why})' if why else ''}; its log follows."


def outcome(execution: "Execution", service: str) -> str:
    """Say in a sentence how an execution ended, or that it goes on without this service."""
    whose, code = f"Execution {execution['id']}", execution.get("exit_code")
    if execution["status"] not in ENDING:
        return f"{service} has ended; {whose.lower()} goes on ({execution['status']})."
    told = {"terminated": "has ended", "error": "has failed"}.get(execution["status"], "is ending")
    why = views.why_plain(execution)
    return f"{whose} {told}{'' if code is None else f' with exit code {code}'}{f': {why}' if why else '.'}"


def monitors(execution: "Execution") -> frozenset[str]:
    """Return the groups whose end is the end of an execution."""
    groups = execution["description"].get("services", ())
    return frozenset(str(group["name"]) for group in groups if group.get("monitor"))


def find_service(client: "Client", execution: "Execution", name: str | None) -> dict[str, Any]:
    """Find a service by its name, or the first of the monitor's group."""
    services = [client.service(number) for number in execution["services"]]
    if name is None:
        fitting = [service for service in services if service["service_group"] in monitors(execution)] or services
    else:
        fitting = [service for service in services if service["name"] == name]
    if not fitting:
        names = ", ".join(service["name"] for service in services) or "none"
        wanted = f"no service {name}" if name else "no service"
        raise NotFoundError(f"Execution {execution['id']} has {wanted}; it has: {names}.")
    return fitting[0]
