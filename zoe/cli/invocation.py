"""What every command shares: the same few options, a connection, one way to answer and one way to fail."""

import functools
import inspect
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console, RenderableType

from zoe.cli import signin
from zoe.errors import FaultyDocumentError, NotSignedInError, ZoeError

if TYPE_CHECKING:
    from zoe.client import Client

_CONNECTION = "Connection and output"
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.", rich_help_panel=_CONNECTION)]
UrlOption = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", envvar="ZOE_URL", help="Where Zoe answers.", rich_help_panel=_CONNECTION),
]
DirectoryOption = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        envvar="ZOE_DATA_DIR",
        help="Data directory of the `zoe serve` on this machine.",
        rich_help_panel=_CONNECTION,
    ),
]
DebugOption = Annotated[
    bool, typer.Option("--debug", help="Show where an error came from.", rich_help_panel=_CONNECTION)
]


@dataclass(frozen=True, slots=True)
class Invocation:
    """One call of the command line: where its server is, and how it speaks."""

    as_json: bool = False
    url: str | None = None
    data_dir: Path | None = None
    debug: bool = False

    def client(self) -> "Client":
        """Connect as the settings say; raises `NotSignedInError` where nothing says who is asking."""
        # `zoe --help` stays quick: the HTTP client takes longer to load than all the rest.
        from zoe.client import Client  # noqa: PLC0415

        door = signin.find(self.url, self.data_dir, os.environ)
        return Client(door.url, token=door.token)

    def answer(self, document: object, view: RenderableType | None = None) -> None:
        """Print a command's result: the document as JSON if that was asked for, otherwise the view of it."""
        if self.as_json:
            sys.stdout.write(json.dumps(document, indent=2) + "\n")
        elif view is not None:
            screen().print(view)

    def remark(self, sentence: str) -> None:
        """Say something to a person: never among the JSON."""
        if not self.as_json:
            screen().print(sentence, soft_wrap=True, highlight=False, markup=False)


def screen(*, stderr: bool = False) -> Console:
    """Return the console; rich itself honours NO_COLOR and knows a terminal from a file."""
    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        # A file has no width: whoever searches it wants whole lines.
        console.width = 240
    return console


_SHARED = {"as_json": JsonOption, "url": UrlOption, "data_dir": DirectoryOption, "debug": DebugOption}
_DEFAULTS: dict[str, Any] = {"as_json": False, "url": None, "data_dir": None, "debug": False}


def shared(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that all have; its first parameter receives the `Invocation` made of them."""

    @functools.wraps(command)
    def wrapped(**arguments: Any) -> None:
        invocation = Invocation(**{name: arguments.pop(name) for name in _SHARED})
        try:
            command(invocation, **arguments)
        except ZoeError as error:
            if invocation.debug:
                raise
            raise typer.Exit(fail(error)) from error
        except KeyboardInterrupt:
            # As of a program that a signal ended; there is nothing to say to who pressed the keys.
            raise typer.Exit(130) from None

    own = list(inspect.signature(command).parameters.values())[1:]
    common = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_DEFAULTS[name], annotation=annotation)
        for name, annotation in _SHARED.items()
    ]
    keyword_only = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
    wrapped.__signature__ = inspect.Signature([*keyword_only, *common])  # type: ignore[attr-defined] # what typer reads
    wrapped.__doc__ = with_examples(command.__doc__)
    wrapped.__annotations__ = {parameter.name: parameter.annotation for parameter in [*own, *common]}
    return wrapped


def with_examples(doc: str | None) -> str:
    """Keep the examples of a docstring one below the other: typer joins the lines of a paragraph."""
    return inspect.cleandoc(doc or "").replace("Examples:\n", "\b\nExamples:\n")


def fail(error: ZoeError) -> int:
    """Say in one sentence what went wrong, and every fault on a line of its own; return the exit code."""
    sentence = str(error.args[0]) if error.args else str(error)
    if isinstance(error, NotSignedInError) and "`zoe " not in sentence:
        sentence = f"{sentence.rstrip('.')}. `zoe login` signs you in."
    faults = error.faults if isinstance(error, FaultyDocumentError) else ()
    for line in [sentence, *(f"  {fault}" for fault in faults)]:
        sys.stderr.write(line + "\n")
    return 1
