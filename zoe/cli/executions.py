"""Commands about executions: list, look closer, read logs, stop, forget."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zoe.cli import views
from zoe.cli.invocation import Invocation, fail, shared
from zoe.errors import NotFoundError, ZoeError

if TYPE_CHECKING:
    from zoe.client import Client, Execution

ACTIVE = frozenset({"submitted", "queued", "starting", "running", "cleaning up"})
Number = Annotated[int, typer.Argument(metavar="EXECUTION", help="Number of the execution.", show_default=False)]
Numbers = Annotated[
    list[int], typer.Argument(metavar="EXECUTION...", help="Numbers of executions.", show_default=False)
]


@shared
def ps(
    invocation: Invocation,
    everything: Annotated[bool, typer.Option("--all", "-a", help="Also those that have ended.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the latest.")] = 50,
    status: Annotated[str | None, typer.Option(help="Only those with this status.", show_default=False)] = None,
) -> None:
    """List executions: those that have not ended, or all.

    Examples:
        zoe ps
        zoe ps --all --limit 10
        zoe ps --status queued --json

    """
    wanted = [status] if everything or status else sorted(ACTIVE)
    with invocation.client() as client:
        found = [one for word in wanted for one in client.executions(status=word, limit=limit)]
    shown = sorted(found, key=lambda one: one["id"])[-limit:]
    invocation.answer(shown, views.executions(shown, time.time()))
    if not shown:
        invocation.remark(
            "No executions." if everything or status else "No active executions; `zoe ps --all` shows the ended ones."
        )


@shared
def show(invocation: Invocation, execution: Number) -> None:
    """Show one execution: its services, why it waits or failed, what happened when.

    Examples:
        zoe show 7
        zoe show 7 --json

    """
    with invocation.client() as client:
        found = client.execution(execution)
        services = [client.service(number) for number in found["services"]]
        events = client.events(execution)
    document: dict[str, Any] = {**found, "services": services, "events": events}
    invocation.answer(document, views.one_execution(found, services, events, time.time()))


@shared
def logs(
    invocation: Invocation,
    execution: Number,
    name: Annotated[
        str | None, typer.Argument(metavar="[SERVICE]", help="Name of a service; otherwise the monitor.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the service ends.")] = False,
    service: Annotated[
        int | None, typer.Option(metavar="ID", help="A service by its id instead.", show_default=False)
    ] = None,
) -> None:
    """Print the log of one service of an execution.

    Examples:
        zoe logs 7
        zoe logs 7 spark-worker0 -f
        zoe logs 7 --service 31

    """
    with invocation.client() as client:
        number = service if service is not None else find_service(client, client.execution(execution), name)["id"]
        lines = client.logs(number, follow=follow)
        if invocation.as_json:
            invocation.answer({"service_id": number, "lines": list(lines)})
        else:
            write_lines(lines)


def write_lines(lines: Iterator[str]) -> None:
    """Write log lines as they come."""
    for line in lines:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def find_service(client: "Client", execution: "Execution", name: str | None) -> dict[str, Any]:
    """Find a service by its name, or the first of the monitor's group."""
    services = [client.service(number) for number in execution["services"]]
    if name is None:
        groups = [group["name"] for group in execution["description"].get("services", []) if group.get("monitor")]
        fitting = [service for service in services if service["service_group"] in groups] or services
    else:
        fitting = [service for service in services if service["name"] == name]
    if not fitting:
        names = ", ".join(service["name"] for service in services) or "none"
        raise NotFoundError(f"Execution {execution['id']} has no service {name or ''}; it has: {names}.")
    return fitting[0]


@shared
def stop(invocation: Invocation, executions: Numbers) -> None:
    """Stop executions; their services end and everything they hold is given back.

    Examples:
        zoe stop 7
        zoe stop 7 8 9

    """
    _each(invocation, executions, "stop")


@shared
def rm(invocation: Invocation, executions: Numbers) -> None:
    """Forget executions that have ended, their logs included.

    Examples:
        zoe rm 7 8

    """
    _each(invocation, executions, "remove")


_DONE = {"stop": ("stopped", "is being stopped."), "remove": ("removed", "is forgotten.")}


def _each(invocation: Invocation, executions: Sequence[int], deed: str) -> None:
    """Do it to every one, also after one has failed; fail in the end if any did."""
    done: list[int] = []
    key, words = _DONE[deed]
    with invocation.client() as client:
        for number in executions:
            try:
                getattr(client, deed)(number)
            except ZoeError as error:
                fail(error if len(executions) == 1 else ZoeError(f"Execution {number}: {error}"))
                continue
            done.append(number)
            invocation.remark(f"Execution {number} {words}")
    invocation.answer({key: done})
    if len(done) < len(executions):
        raise typer.Exit(1)


@shared
def endpoints(invocation: Invocation, execution: Number) -> None:
    """List the web interfaces of an execution.

    Examples:
        zoe endpoints 7

    """
    with invocation.client() as client:
        found = client.endpoints(execution)
    invocation.answer({"endpoints": found}, views.endpoints(found))
    if not found:
        invocation.remark(f"Execution {execution} has no web interfaces.")
