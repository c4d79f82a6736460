"""Commands about executions: list, look closer, stop, forget."""

import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import chain
from typing import Annotated, Any

import typer

from zoe.cli import board, views
from zoe.cli.invocation import Invocation, fail, shared
from zoe.errors import NotFoundError, ZoeError

STATUSES = ("submitted", "queued", "starting", "running", "cleaning up", "terminated", "error")
ACTIVE = frozenset(STATUSES) - {"terminated", "error"}
Number = Annotated[int, typer.Argument(metavar="EXECUTION", help="Number of the execution.", show_default=False)]
Numbers = Annotated[list[int], typer.Argument(metavar="EXECUTION", help="Numbers of executions.", show_default=False)]


@shared
def ps(
    invocation: Invocation,
    everything: Annotated[bool, typer.Option("--all", "-a", help="Also those that have ended.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the latest.")] = 50,
    status: Annotated[str | None, typer.Option(help="Only those with this status.", show_default=False)] = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on, and show every change; Ctrl-C ends it.")] = False,
) -> None:
    """List executions: those that have not ended, or all.

    With --watch and --json, each change is a JSON document on a line of its own.

    Examples:
        zoe ps
        zoe ps --all --limit 10
        zoe ps --watch
        zoe ps --status queued --json

    """
    if status and status not in STATUSES:
        raise typer.BadParameter(f"there is no status {status!r}; there are: {', '.join(STATUSES)}.")
    wanted = [status] if everything or status else sorted(ACTIVE)
    with invocation.client() as client:
        found = [
            one for word in wanted if not watch or everything for one in client.executions(status=word, limit=limit)
        ]
        shown = sorted(found, key=lambda one: one["id"])[-limit:]
        if watch:
            board.watch(invocation, chain(shown, client.watch()), lambda one: status in {None, one["status"]}, limit)
            return
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
        events: list[dict[str, Any]] = []
        with suppress(NotFoundError):  # the execution is there: it is an older Zoe, which keeps no events
            events = client.events(execution)
    document: dict[str, Any] = {**found, "services": services, "events": events}
    invocation.answer(document, views.one_execution(found, services, events, time.time()))


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
