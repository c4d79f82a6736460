"""`zoe quota`: how much users may have at a time."""

from typing import Annotated

import typer

from zoe.cli import accounts
from zoe.cli import formatting as fmt
from zoe.cli.accounts import Name, Names, NewName, Row
from zoe.cli.invocation import Invocation, shared

app = typer.Typer(no_args_is_help=True, help="Quotas: how much a user may have at a time; 0 is no limit.")


def _bytes(text: str | None) -> int | None:
    return None if text is None else fmt.parse_size(text)


Executions = Annotated[int | None, typer.Option(min=0, help="Executions at a time.", show_default=False)]
Cores = Annotated[float | None, typer.Option(min=0, help="Cores.", show_default=False)]
Memory = Annotated[str | None, typer.Option(metavar="SIZE", help="Memory, such as 32G.", show_default=False)]
Hours = Annotated[float | None, typer.Option(min=0, help="How long an execution may run, hours.", show_default=False)]


@app.command("list")
@shared
def list_quotas(invocation: Invocation) -> None:
    """List quotas.

    Examples:
        zoe quota list
    """
    with invocation.client() as client:
        found = client.quotas.all()

    def cells(quota: Row) -> list[str]:
        memory = fmt.size(quota["memory"]) if quota["memory"] else "no limit"
        executions, cores = fmt.limit(quota["concurrent_executions"]), fmt.limit(quota["cores"])
        return [quota["name"], executions, cores, memory, fmt.limit(quota["runtime_limit"], " h")]

    accounts.listing(invocation, found, ("NAME", "EXECUTIONS", "CORES", "MEMORY", "RUNTIME"), cells)


@app.command("add")
@shared
def add(  # noqa: PLR0913, PLR0917 - one for each option
    invocation: Invocation,
    name: NewName,
    executions: Executions = 0,
    cores: Cores = 0,
    memory: Memory = "0",
    hours: Hours = 0,
) -> None:
    """Add a quota; what is not named has no limit.

    Examples:
        zoe quota add large --executions 20 --cores 64 --memory 256G --hours 72
    """
    fields = {"name": name, "concurrent_executions": executions, "cores": cores}
    with invocation.client() as client:
        number = client.quotas.add({**fields, "memory": _bytes(memory), "runtime_limit": hours})
    invocation.answer({"quota_id": number})
    invocation.remark(f"Quota {name} is added (number {number}).")


@app.command("set")
@shared
def set_quota(  # noqa: PLR0913, PLR0917 - one for each option
    invocation: Invocation,
    name: Name,
    executions: Executions = None,
    cores: Cores = None,
    memory: Memory = None,
    hours: Hours = None,
    rename: Annotated[str | None, typer.Option(metavar="NAME", help="A new name.", show_default=False)] = None,
) -> None:
    """Change a quota; what is not named stays.

    Examples:
        zoe quota set default --cores 8 --memory 16G
    """
    fields = accounts.given(
        concurrent_executions=executions, cores=cores, memory=_bytes(memory), runtime_limit=hours, name=rename
    )
    with invocation.client() as client:
        number = accounts.change(client.quotas, "quota", name, fields)
    invocation.answer({"quota_id": number})
    invocation.remark(f"Quota {name} is changed.")


@app.command("rm")
@shared
def rm(invocation: Invocation, names: Names) -> None:
    """Remove quotas; their users get `default`.

    Examples:
        zoe quota rm large
    """
    with invocation.client() as client:
        accounts.remove(invocation, client.quotas, "quota", names)
