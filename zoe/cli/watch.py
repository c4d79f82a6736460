"""To watch an execution until it ends: a live picture on a terminal, a line for each change elsewhere."""

import sys
import threading
import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress_bar import ProgressBar
from rich.table import Table

from zoe.cli import formatting as fmt
from zoe.cli import views
from zoe.cli.invocation import Invocation, screen
from zoe.cli.logs import monitors
from zoe.errors import ZoeError

if TYPE_CHECKING:
    from zoe.client import Client, Execution

Service = dict[str, Any]
LOOK_EVERY = 0.5  # seconds; without a stream, a service's change does not always show in its execution
NOT_YET_STARTED = frozenset({"created", "runnable", "starting"})


class Observer(Protocol):
    """What is told how an execution goes on."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def see(self, execution: "Execution", services: Sequence[Service]) -> None:
        """Take notice of the present state."""


class Blind:
    """Observes nothing, for machines that read our output."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def see(self, execution: "Execution", services: Sequence[Service]) -> None:
        """Take no notice."""


class Picture:
    """A picture on a terminal that is painted over; it stays when the execution has ended."""

    def __init__(self, console: Console) -> None:
        # What is written to standard output appears above the picture, if it goes to the same terminal.
        self._seen: tuple[Execution, Sequence[Service]] | None = None
        self._live = Live(
            console=console,
            refresh_per_second=4,
            redirect_stdout=sys.stdout.isatty(),
            get_renderable=self._painted,
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def see(self, execution: "Execution", services: Sequence[Service]) -> None:
        """Paint the present state from now on."""
        self._seen = (execution, services)

    def _painted(self) -> RenderableType:
        return picture(*self._seen, time.time()) if self._seen else ""


class Lines:
    """A line with the time for everything that is new."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def see(self, execution: "Execution", services: Sequence[Service]) -> None:
        """Write what has changed since the last look."""
        words = [execution["status"], views.why_plain(execution), views.done(execution)]
        self.say(f"execution {execution['id']}", " - ".join(filter(None, words)))
        for service in services:
            self.say(service["name"], service["status"])

    def say(self, subject: str, text: str) -> None:
        """Write a line, unless the last one about the subject said the same."""
        if self._said.get(subject) == text:
            return
        self._said[subject] = text
        self._console.print(f"{time.strftime('%H:%M:%S')} {subject}: {text}", markup=False, soft_wrap=True)


def picture(execution: "Execution", services: Sequence[Service], now: float) -> RenderableType:
    """Paint an execution: status, how far it is or why it waits, and its services."""
    since = fmt.ran(execution["time_start"] or execution["time_submit"], execution["time_end"], now)
    head = (
        f"Execution {execution['id']} [bold]{escape(execution['name'])}[/]  {fmt.status(execution['status'])}  {since}"
    )
    return Group(head, *_progress(execution), views.services(services))


def _progress(execution: "Execution") -> list[RenderableType]:
    text = views.why(execution)
    fraction = (execution.get("progress") or {}).get("fraction")
    if fraction is None:
        return [text] if text else []
    bar = Table.grid(padding=(0, 1))
    bar.add_row(ProgressBar(total=1, completed=fraction, width=24), f"{fraction:4.0%}", text)
    return [bar]


def observer(invocation: Invocation) -> Observer:
    """Choose how to show progress: on standard error, so that the output holds the log alone."""
    if invocation.as_json:
        return Blind()
    console = screen(stderr=True)
    return Picture(console) if console.is_terminal else Lines(console)


def to_the_end(client: "Client", invocation: Invocation, number: int, *, logs: bool = False) -> "Execution":
    """Watch an execution until it ends and return it. Interrupted, it leaves the execution as it is and says so."""
    try:
        with observer(invocation) as eyes:
            return observe(client, number, eyes, _LogPrinter(invocation) if logs else None)
    except KeyboardInterrupt:
        sys.stderr.write(f"Execution {number} goes on; `zoe stop {number}` stops it.\n")
        raise


def observe(client: "Client", number: int, eyes: Observer, printer: "_LogPrinter | None" = None) -> "Execution":
    """Show an execution to an observer until it ends, and return it."""
    for execution in client.changes(number, every=LOOK_EVERY):
        # The stream tells the services, too; what the API tells of an execution names them only.
        told = execution.get("states")
        services = told if told is not None else [client.service(service) for service in execution["services"]]
        eyes.see(execution, services)
        if printer:
            printer.offer(execution, services)
    if printer:
        printer.finish()
    return execution


class _LogPrinter:
    """Prints the monitor's log from a thread with a connection of its own, once there is one."""

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation
        self._thread: threading.Thread | None = None

    def offer(self, execution: "Execution", services: Sequence[Service]) -> None:
        """Begin, if the monitor has started by now."""
        monitor = next((service for service in services if service["service_group"] in monitors(execution)), None)
        if self._thread or monitor is None or monitor["status"] in NOT_YET_STARTED:
            return
        self._thread = threading.Thread(target=self._print, args=(monitor["id"],), name="log", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Wait for the rest of the log of an execution that has ended."""
        if self._thread:
            self._thread.join(timeout=10)

    def _print(self, service: int) -> None:
        into = sys.stderr if self._invocation.as_json else sys.stdout
        try:
            with self._invocation.client() as client:
                for line in client.logs(service):
                    into.write(line + "\n")
                    into.flush()
        except ZoeError as error:
            sys.stderr.write(f"The log cannot be read: {error}\n")
