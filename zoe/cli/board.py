"""`zoe ps --watch`: all executions as they change; a table painted over on a terminal, a line for each elsewhere."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from rich.console import Console, RenderableType
from rich.live import Live

from zoe.cli import views
from zoe.cli.invocation import Invocation, screen

if TYPE_CHECKING:
    from zoe.client import Execution

Row = Mapping[str, Any]
Wanted = Callable[[Row], bool]


class Sight(Protocol):
    """Is shown one execution after the other."""

    def __call__(self, execution: "Execution") -> None:
        """Take notice of the present state of one."""


def watch(invocation: Invocation, changes: Iterator["Execution"], wanted: Wanted, limit: int) -> None:
    """Show executions as they change, until interrupted. The output is the answer here: it goes where answers go."""
    if invocation.as_json:
        _each(changes, wanted, _as_document)
        return
    console = screen()
    if not console.is_terminal:
        _each(changes, wanted, Lines(console))
        return
    board = Board(limit, wanted)
    with Live(console=console, refresh_per_second=2, get_renderable=board.picture):
        for execution in changes:
            board.see(execution)


def _each(changes: Iterator["Execution"], wanted: Wanted, show: Sight) -> None:
    for execution in changes:
        if wanted(execution):
            show(execution)


def _as_document(execution: "Execution") -> None:
    sys.stdout.write(json.dumps(execution) + "\n")
    sys.stdout.flush()


class Lines:
    """A line with the time for everything that is new."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: dict[int, str] = {}

    def __call__(self, execution: "Execution") -> None:
        """Write what has changed, if one can see it in a line."""
        status = execution["status"]
        about = "" if status == "forgotten" else views.why_plain(execution)
        name = f"{execution['id']} {execution.get('name', '')}".rstrip()
        line = f"{name}: " + " - ".join(filter(None, [status, about]))
        if self._said.get(execution["id"]) != line:
            self._said[execution["id"]] = line
            self._console.print(f"{time.strftime('%H:%M:%S')} {line}", markup=False, soft_wrap=True)


class Board:
    """The latest executions that are wanted; one that has ended meanwhile stays, with its outcome."""

    def __init__(self, limit: int, wanted: Wanted) -> None:
        self._limit, self._wanted = limit, wanted
        self._known: dict[int, Execution] = {}

    def see(self, execution: "Execution") -> None:
        """Take notice of the present state of one."""
        if execution["status"] == "forgotten" or not self._wanted(execution):
            self._known.pop(execution["id"], None)
            return
        self._known[execution["id"]] = execution
        for number in sorted(self._known)[: -self._limit]:
            del self._known[number]

    def picture(self) -> RenderableType:
        """Paint them, with the times as of now."""
        shown = [self._known[number] for number in sorted(self._known)]
        return views.executions(shown, time.time()) or "No active executions."
