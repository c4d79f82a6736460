"""`zoe role`: what users may do."""

from collections.abc import Sequence
from typing import Annotated

import typer

from zoe.cli import accounts
from zoe.cli.accounts import Name, Names, NewName, Row
from zoe.cli.invocation import Invocation, shared

app = typer.Typer(no_args_is_help=True, help="Roles: what their users may do.")
RIGHTS = (
    "see_status",
    "change_config",
    "operate_others",
    "delete_executions",
    "access_api",
    "customize_resources",
    "access_full_zapp_shop",
)
Allow = Annotated[
    list[str] | None, typer.Option(metavar="RIGHT", help=f"One of {', '.join(RIGHTS)}; repeat it for more.")
]
Deny = Annotated[list[str] | None, typer.Option(metavar="RIGHT", help="The opposite.")]


def rights(allow: Sequence[str] | None, deny: Sequence[str] | None) -> Row:
    """Return the fields of a role that these words mean."""
    for word in [*(allow or ()), *(deny or ())]:
        if word.removeprefix("can_") not in RIGHTS:
            raise typer.BadParameter(f"{word!r} is no right; there are: {', '.join(RIGHTS)}.")
    allowed = {f"can_{word.removeprefix('can_')}": True for word in allow or ()}
    return allowed | {f"can_{word.removeprefix('can_')}": False for word in deny or ()}


@app.command("list")
@shared
def list_roles(invocation: Invocation) -> None:
    """List roles.

    Examples:
        zoe role list
    """
    with invocation.client() as client:
        found = client.roles.all()

    def cells(role: Row) -> list[str]:
        may = [right for right in RIGHTS if role.get(f"can_{right}")]
        return [role["name"], "everything" if len(may) == len(RIGHTS) else ", ".join(may) or "nothing special"]

    accounts.listing(invocation, found, ("NAME", "MAY"), cells)


@app.command("add")
@shared
def add(invocation: Invocation, name: NewName, allow: Allow = None) -> None:
    """Add a role.

    Examples:
        zoe role add student --allow access_api
        zoe role add operator --allow see_status --allow operate_others
    """
    fields = rights(None, RIGHTS) | rights(allow, None)
    with invocation.client() as client:
        number = client.roles.add({"name": name, **fields})
    invocation.answer({"role_id": number})
    invocation.remark(f"Role {name} is added (number {number}).")


@app.command("set")
@shared
def set_role(
    invocation: Invocation,
    name: Name,
    allow: Allow = None,
    deny: Deny = None,
    rename: Annotated[str | None, typer.Option(metavar="NAME", help="A new name.", show_default=False)] = None,
) -> None:
    """Change a role; what is not named stays.

    Examples:
        zoe role set student --allow see_status --deny access_api
    """
    fields = {**rights(allow, deny), **accounts.given(name=rename)}
    with invocation.client() as client:
        number = accounts.change(client.roles, "role", name, fields)
    invocation.answer({"role_id": number})
    invocation.remark(f"Role {name} is changed.")


@app.command("rm")
@shared
def rm(invocation: Invocation, names: Names) -> None:
    """Remove roles; their users become `user`.

    Examples:
        zoe role rm student
    """
    with invocation.client() as client:
        accounts.remove(invocation, client.roles, "role", names)
