"""`zoe login`, and the API tokens that it and scripts use."""

import getpass
import os
import socket
from typing import Annotated

import typer
from rich.markup import escape

from zoe.cli import formatting as fmt
from zoe.cli import passwords, signin, views
from zoe.cli.invocation import Invocation, shared

app = typer.Typer(no_args_is_help=True, help="API tokens: for scripts, without a password.")


@shared
def login(
    invocation: Invocation,
    username: Annotated[str | None, typer.Option("--username", "-u", help="Who you are.", show_default=False)] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
) -> None:
    """Sign in: makes an API token and keeps it in a file that only you can read. The password is not kept.

    Examples:
        zoe login --url http://zoe.example.org:5001 --username ada
        zoe login -u ada --password-stdin < password-file
    """
    # Loaded here for the sake of a quick `zoe --help`.
    from zoe.client import Client  # noqa: PLC0415

    url = invocation.url or signin.DEFAULT_URL
    name = username or _ask_for_name()
    password = passwords.read(from_stdin=password_stdin, prompt=f"Password of {name} at {url}: ")
    with Client(url, username=name, password=password) as client:
        user = client.login()
        made = client.create_token(f"zoe login on {socket.gethostname()}"[:128])
        path = signin.remember(signin.Door(client.url, str(made["token"])), os.environ)
    invocation.answer({"url": client.url, "username": user["username"], "file": str(path)})
    invocation.remark(f"Signed in as {user['username']} at {client.url}; the token is in {path}.")


def _ask_for_name() -> str:
    return str(typer.prompt("Username", default=getpass.getuser(), err=True))


@app.command("list")
@shared
def list_tokens(invocation: Invocation) -> None:
    """List your API tokens, without their secrets.

    Examples:
        zoe token list
    """
    with invocation.client() as client:
        found = client.tokens()
    made = views.table("ID", "NAME", "MADE", "EXPIRES", right=["ID"])
    for number, token in found.items():
        expiry = fmt.moment(token.get("expires")) if token.get("expires") else "never"
        made.add_row(number, escape(str(token["name"])), fmt.moment(token.get("created")), expiry)
    invocation.answer(found, made)


@app.command("create")
@shared
def create(
    invocation: Invocation,
    name: Annotated[str, typer.Argument(help="What it is for.", show_default=False)],
) -> None:
    """Create an API token and print it: this once. `ZOE_TOKEN` takes it.

    Examples:
        zoe token create nightly-report
    """
    with invocation.client() as client:
        made = client.create_token(name)
    invocation.answer(made)
    invocation.remark(str(made["token"]))


@app.command("revoke")
@shared
def revoke(
    invocation: Invocation,
    numbers: Annotated[
        list[int], typer.Argument(metavar="ID...", help="As `zoe token list` shows.", show_default=False)
    ],
) -> None:
    """Make API tokens worthless.

    Examples:
        zoe token revoke 3
    """
    with invocation.client() as client:
        for number in numbers:
            client.revoke_token(number)
            invocation.remark(f"Token {number} is revoked.")
    invocation.answer({"revoked": numbers})
