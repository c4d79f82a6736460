"""The command `zoe`: what it can do, and how it ends (0 well, 1 refused or failed, 2 misused)."""

import os
import sys
from typing import Annotated

import typer

from zoe import __version__
from zoe.cli import (
    demo,
    executions,
    extend,
    logs,
    proxy,
    quotas,
    roles,
    serve,
    simulate,
    site,
    start,
    status,
    tokens,
    users,
)
from zoe.cli.invocation import fail, with_examples
from zoe.errors import ZoeError

WORK, LOOK, RUN, ACCOUNTS = "Your executions", "Look around", "Run Zoe", "Accounts"


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"zoe {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="zoe",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="`zoe COMMAND --help` explains a command with examples. Try `zoe demo` first.",
)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Container analytics as a service: submit whole applications, watch them, read their logs."""


# The options of a ZApp type are the server's to know: they pass through here, and so does the question for help.
app.command(
    rich_help_panel=WORK,
    cls=start.KeepsTheSeparator,
    add_help_option=False,
    context_settings={"ignore_unknown_options": True},
)(start.start)
app.command(rich_help_panel=WORK)(start.validate)
app.command(rich_help_panel=WORK)(executions.ps)
app.command(rich_help_panel=WORK)(executions.show)
app.command(rich_help_panel=WORK)(logs.logs)
app.command(rich_help_panel=WORK)(executions.stop)
app.command(rich_help_panel=WORK)(extend.extend)
app.command(rich_help_panel=WORK)(executions.rm)
app.command(rich_help_panel=WORK)(executions.endpoints)
app.command(rich_help_panel=WORK)(proxy.proxy)

app.command(rich_help_panel=LOOK)(status.status)
app.command(rich_help_panel=LOOK)(site.nodes)
app.command(rich_help_panel=LOOK)(site.plugins)
app.command(rich_help_panel=RUN, help=with_examples(serve.serve.__doc__))(serve.serve)
app.command(rich_help_panel=RUN, help=with_examples(demo.demo.__doc__))(demo.demo)
app.command(rich_help_panel=RUN, help=with_examples(simulate.simulate.__doc__))(simulate.simulate)
app.command(rich_help_panel=ACCOUNTS)(tokens.login)
app.add_typer(tokens.app, name="token", rich_help_panel=ACCOUNTS)
app.add_typer(users.app, name="user", rich_help_panel=ACCOUNTS)
app.add_typer(roles.app, name="role", rich_help_panel=ACCOUNTS)
app.add_typer(quotas.app, name="quota", rich_help_panel=ACCOUNTS)


def main() -> None:
    """Run the command line; nobody is shown a traceback who did not ask for it."""
    try:
        app()
    except BrokenPipeError:
        # The reader of our output has left (`zoe logs 7 | head`): nothing more to say, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        sentence = f"Something went wrong inside `zoe` itself ({type(error).__name__}: {error}); --debug shows where."
        sys.exit(fail(error if isinstance(error, ZoeError) else ZoeError(sentence)))


if __name__ == "__main__":
    main()
