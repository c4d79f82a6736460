"""`zoe user`: who may use this Zoe."""

from typing import Annotated

import typer

from zoe.cli import accounts, passwords
from zoe.cli.accounts import Name, Names, NewName, Row
from zoe.cli.invocation import Invocation, shared

app = typer.Typer(no_args_is_help=True, help="Users: list, add, change, remove.")
Email = Annotated[str | None, typer.Option(help="E-mail address.", show_default=False)]
RoleName = Annotated[
    str | None, typer.Option(metavar="NAME", help="Role; one that may access_api, to use this command.")
]
QuotaName = Annotated[str | None, typer.Option(metavar="NAME", help="Quota.", show_default=False)]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


@app.command("list")
@shared
def list_users(invocation: Invocation) -> None:
    """List users.

    Examples:
        zoe user list
        zoe user list --json
    """
    with invocation.client() as client:
        found, roles, quotas = client.users.all(), client.roles.all(), client.quotas.all()

    def cells(user: Row) -> list[str]:
        role = roles.get(str(user["role_id"]), {}).get("name", "-")
        quota = quotas.get(str(user["quota_id"]), {}).get("name", "-")
        return [
            user["username"],
            role,
            quota,
            user["auth_source"],
            "yes" if user["enabled"] else "no",
            user["email"] or "",
        ]

    accounts.listing(invocation, found, ("NAME", "ROLE", "QUOTA", "SIGNS IN BY", "ENABLED", "E-MAIL"), cells)


@app.command("add")
@shared
def add(  # noqa: PLR0913, PLR0917 - one for each option
    invocation: Invocation,
    name: NewName,
    email: Email = "",
    role: RoleName = "user",
    quota: QuotaName = "default",
    auth_source: Annotated[str, typer.Option(help="Authenticator that checks the password.")] = "internal",
    fs_uid: Annotated[int, typer.Option(help="Number that files in the workspace belong to; -1: the next free.")] = -1,
    password_stdin: PasswordStdin = False,
) -> None:
    """Add a user; the password is asked for, or read from standard input.

    Examples:
        zoe user add ada --role superuser --email ada@example.org
        zoe user add bot --password-stdin < password-file
    """
    with invocation.client() as client:
        fields: Row = {
            "username": name,
            "email": email or "",
            "auth_source": auth_source,
            "fs_uid": fs_uid,
            "role_id": accounts.find(client.roles, "role", role or "user")["id"],
            "quota_id": accounts.find(client.quotas, "quota", quota or "default")["id"],
        }
        if auth_source == "internal":
            fields["password"] = passwords.read(from_stdin=password_stdin, prompt=f"Password for {name}: ", twice=True)
        number = client.users.add(fields)
    invocation.answer({"user_id": number})
    invocation.remark(f"User {name} is added (number {number}).")


@app.command("set")
@shared
def set_user(  # noqa: PLR0913, PLR0917 - one for each option
    invocation: Invocation,
    name: Name,
    email: Email = None,
    role: RoleName = None,
    quota: QuotaName = None,
    enabled: Annotated[bool | None, typer.Option("--enabled/--disabled", help="Whether they may sign in.")] = None,
    priority: Annotated[int | None, typer.Option(help="For policies that ask.", show_default=False)] = None,
    password: Annotated[bool, typer.Option("--password", help="Ask for a new password.")] = False,
    password_stdin: PasswordStdin = False,
) -> None:
    """Change a user; what is not named stays.

    Examples:
        zoe user set ada --quota large
        zoe user set ada --disabled
        zoe user set ada --password
    """
    with invocation.client() as client:
        fields = accounts.given(email=email, enabled=enabled, priority=priority)
        if role is not None:
            fields["role_id"] = accounts.find(client.roles, "role", role)["id"]
        if quota is not None:
            fields["quota_id"] = accounts.find(client.quotas, "quota", quota)["id"]
        if password or password_stdin:
            fields["password"] = passwords.read(from_stdin=password_stdin, prompt=f"Password for {name}: ", twice=True)
        number = accounts.change(client.users, "user", name, fields, key="username")
    invocation.answer({"user_id": number})
    invocation.remark(f"User {name} is changed.")


@app.command("rm")
@shared
def rm(invocation: Invocation, names: Names) -> None:
    """Remove users.

    Examples:
        zoe user rm ada
    """
    with invocation.client() as client:
        accounts.remove(invocation, client.users, "user", names, key="username")
