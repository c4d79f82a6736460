"""`zoe start` and `zoe validate`: from a file or a ZApp type to an execution, and its outcome if one waits for it."""

import hashlib
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from typer.core import TyperCommand

from zoe.cli import secret_options, views, watch, zapp_options
from zoe.cli.invocation import Invocation, screen, shared
from zoe.errors import NotFoundError, ZoeError

if TYPE_CHECKING:
    from zoe.client import Client, Execution

WORKSPACE_FILES = ("script", "jar", "file")


class KeepsTheSeparator(TyperCommand):
    """A command that can tell what stands after a lone `--`: the parser would swallow it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Double the separator, so that one of the two is left."""
        at = args.index("--") if "--" in args else len(args)
        return super().parse_args(ctx, [*args[:at], *args[at : at + 1], *args[at:]])


@shared
def start(  # noqa: PLR0913, PLR0917 - one for each option
    invocation: Invocation,
    context: typer.Context,
    what: Annotated[
        str | None,
        typer.Argument(metavar="ZAPP", help="A ZApp file (- for standard input), or a ZApp type.", show_default=False),
    ] = None,
    options: Annotated[
        list[str] | None,
        typer.Argument(metavar="[OPTIONS OF THE TYPE]", help="`zoe start TYPE --help` lists them.", show_default=False),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name of the execution.", show_default=False)] = None,
    opportunistic: Annotated[
        bool | None,
        typer.Option("--opportunistic/--regular", help="Run on leftovers alone, and make room for others at once."),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Show progress; exit as the execution does.")] = False,
    logs: Annotated[bool, typer.Option("--logs", help="With --wait: print the monitor's log.")] = False,
    show_help: Annotated[bool, typer.Option("--help", "-h", help="Show this message and exit.")] = False,
) -> None:
    """Start an execution, from a ZApp file or from a ZApp type and its parameters.

    A script that is a file on this machine is put into your workspace first; a secret is asked for, or read from
    standard input where its option says -. With --wait, the exit code is the execution's own.

    Examples:
        zoe start zapp.json --name mine
        zoe start spark --help
        zoe start zapp.json --opportunistic
        zoe start spark --script wc.py --workers 2 --wait --logs -- input.txt 10
    """
    if show_help or what is None:
        _explain(invocation, context, what)
        raise typer.Exit(0 if show_help else 2)
    _check_place(what)
    with invocation.client() as client:
        chosen = {"name": name, "opportunistic": opportunistic}
        order = _order(client, what, options or [])
        number = _submit(client, order | {key: word for key, word in chosen.items() if word not in {None, ""}})
        if not wait:
            invocation.answer({"execution_id": number})
            invocation.remark(f"Execution {number} is submitted; `zoe show {number}` tells how it goes.")
            return
        ended = watch.to_the_end(client, invocation, number, logs=logs)
    invocation.answer(ended)
    raise typer.Exit(_exit_code(ended))


def _check_place(what: str) -> None:
    if what.startswith("-") and what != "-":
        raise typer.BadParameter(f"{what} comes too early: first the ZApp file or type, then its options.")


def _order(client: "Client", what: str, options: Sequence[str]) -> dict[str, Any]:
    return _from_file(what, options) if _is_file(what) else _from_type(client, what, options)


def _exit_code(execution: "Execution") -> int:
    code = execution.get("exit_code")
    return (code or 1) % 256 or 1 if execution["status"] == "error" else (code or 0) % 256


def _is_file(what: str) -> bool:
    return what == "-" or what.endswith(".json") or Path(what).is_file()


def read_zapp(path: str) -> dict[str, Any]:
    """Read a ZApp from a file, or from standard input (`-`)."""
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        document = json.loads(text)
    except OSError as error:
        raise ZoeError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise ZoeError(f"{path} is not JSON: {error}.") from error
    if not isinstance(document, dict):
        raise ZoeError(f"{path} is not a ZApp: a ZApp is a JSON object.")
    return document


def _submit(client: "Client", order: dict[str, Any]) -> int:
    """Submit, and say what the server found odd, though not wrong."""
    answer = client.post("/execution", order)
    for warning in answer.get("warnings", ()):
        sys.stderr.write(f"warning: {warning['path']}: {warning['message']}\n")
    return int(answer["execution_id"])


def _from_file(path: str, options: Sequence[str]) -> dict[str, Any]:
    if options:
        raise typer.BadParameter(f"a ZApp file takes no further options: {' '.join(options)}")
    zapp = read_zapp(path)
    return {"application": zapp, "name": str(zapp.get("name", "zapp"))}


def _from_type(client: "Client", zapp_type: str, words: Sequence[str]) -> dict[str, Any]:
    schema = _schema(client, zapp_type)
    parameters = secret_options.filled_in(zapp_options.parameters(words, schema), schema)
    name = zapp_type
    for key, given in parameters.items():
        if _is_workspace_file(key, schema) and isinstance(given, str):
            parameters[key] = _upload(client, given)
            name = re.sub(r"[^a-zA-Z0-9-]+", "-", f"{zapp_type}-{Path(given).stem}")[:128].rstrip("-")
    return {"zapp_type": zapp_type, "parameters": parameters, "name": name}


def _is_workspace_file(key: str, schema: zapp_options.Schema) -> bool:
    return key in WORKSPACE_FILES or schema["properties"][key].get("format") == "workspace-path"


def _upload(client: "Client", given: str) -> str:
    """Put a local file into the workspace; what is no local file is a path in the workspace already.

    The folder is named after the content: a changed script never replaces one that a queued execution waits to run.
    """
    local = Path(given)
    if not local.is_file():
        return given
    content = local.read_bytes()
    remote = f"uploads/{hashlib.sha256(content).hexdigest()[:12]}/{local.name}"
    client.upload(remote, content)
    return remote


def _schema(client: "Client", zapp_type: str) -> dict[str, Any]:
    known = client.zapp_types()
    if zapp_type not in known:
        there_are = ", ".join(sorted(known)) or "none"
        raise NotFoundError(f"There is no file and no ZApp type {zapp_type!r}; ZApp types here: {there_are}.")
    return dict(known[zapp_type]["parameters"])


def _explain(invocation: Invocation, context: typer.Context, what: str | None) -> None:
    """Print the help, and the options of a ZApp type as the server tells them."""
    typer.echo(context.get_help())
    if what is None or _is_file(what):
        return
    with invocation.client() as client:
        schema = _schema(client, what)
    rows = [(f"{option} {value}", escape(text)) for option, value, text in zapp_options.described(schema)]
    screen().print(f"[bold]Options of the ZApp type {escape(what)}[/bold]", views.pairs(rows))


@shared
def validate(
    invocation: Invocation,
    path: Annotated[str, typer.Argument(metavar="FILE", help="A ZApp file, - for standard input.", show_default=False)],
) -> None:
    """Check a ZApp file; every fault is named with its place.

    Examples:
        zoe validate zapp.json
    """
    zapp = read_zapp(path)
    with invocation.client() as client:
        client.validate(zapp)
    invocation.answer({"validation": "ok"})
    invocation.remark(f"{path} is a valid ZApp.")
