"""`zoe demo`: Zoe does its work before your eyes, and leaves nothing behind."""

import json
import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.markup import escape

from zoe.cli import formatting as fmt
from zoe.cli import views
from zoe.cli.invocation import screen
from zoe.errors import ZoeError

if TYPE_CHECKING:
    from zoe.cli.demo_run import Outcome


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave the `zoe serve` of the demonstration running.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON, and nothing else.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an error came from.")] = False,
) -> None:
    """Show what Zoe does, in a minute: a Spark cluster counts the words of Python's standard library.

    Starts a `zoe serve` of its own (free port, private directory, embedded PostgreSQL, services as processes), submits
    a Spark ZApp, shows how it goes, and takes everything away again. Needs Java 17 or newer.

    Examples:
        zoe demo
        zoe demo --keep
    """
    # Loaded here for the sake of a quick `zoe --help`.
    from zoe.cli.demo_run import Demonstration  # noqa: PLC0415

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)
    demonstration = Demonstration(quiet=as_json, keep=keep)
    try:
        outcome = demonstration.run()
    except ZoeError as error:
        if debug:
            raise
        raise typer.Exit(_failed(str(error), as_json=as_json)) from error
    except KeyboardInterrupt:
        _failed("it was interrupted; everything is cleaned up.", as_json=as_json)
        raise typer.Exit(130) from None
    _report(outcome, as_json=as_json)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _failed(reason: str, *, as_json: bool) -> int:
    reason = " ".join(reason.split())
    if as_json:
        sys.stdout.write(json.dumps({"ok": False, "reason": reason}) + "\n")
    else:
        sys.stdout.write(f"demo failed: {reason}\n")
    return 1


def _report(outcome: "Outcome", *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(_document(outcome), indent=2) + "\n")
        return
    console = screen()
    words = views.table("WORD", "TIMES", right=["TIMES"])
    for word, count in outcome.words:
        words.add_row(escape(word), f"{count:,}")
    phases = views.table("PHASE", "TOOK", right=["TOOK"])
    for name, seconds in outcome.phases.items():
        phases.add_row(name, fmt.duration(seconds))
    console.print("", words, "", phases, "")
    console.print(outcome.behind, soft_wrap=True, markup=False)
    console.print(
        f"demo ok: {outcome.summary}, in {fmt.duration(outcome.seconds)} all in all.", soft_wrap=True, markup=False
    )


def _document(outcome: "Outcome") -> dict[str, Any]:
    return {
        "ok": True,
        "words": dict(outcome.words),
        "summary": outcome.summary,
        "phases": {name: round(seconds, 3) for name, seconds in outcome.phases.items()},
        "seconds": round(outcome.seconds, 3),
        "behind": outcome.behind,
        "left": [],
    }
