"""What the commands about users, roles and quotas share: to find by name, to list, to remove."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from zoe.cli import views
from zoe.cli.invocation import Invocation
from zoe.errors import NotFoundError, ZoeError

if TYPE_CHECKING:
    from zoe.client import Nouns

Names = Annotated[list[str], typer.Argument(metavar="NAME...", help="Names, or numbers.", show_default=False)]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name, or number.", show_default=False)]
NewName = Annotated[str, typer.Argument(metavar="NAME", help="The name.", show_default=False)]
Row = dict[str, Any]


def find(nouns: "Nouns", kind: str, name: str, key: str = "name") -> Row:
    """Find one by its name; a number that is nobody's name is an id."""
    found = nouns.all()
    for row in found.values():
        if row[key] == name:
            return dict(row)
    if name in found:
        return dict(found[name])
    raise NotFoundError(kind=kind, name=name)


def given(**fields: object) -> Row:
    """Keep the fields that were given; a change without any is a mistake."""
    return {name: value for name, value in fields.items() if value is not None}


def change(nouns: "Nouns", kind: str, name: str, fields: Row, key: str = "name") -> int:
    """Change one that is named, and return its id."""
    if not fields:
        raise ZoeError("Nothing to change was given; --help lists what can be.")
    number = int(find(nouns, kind, name, key)["id"])
    nouns.change(number, fields)
    return number


def remove(invocation: Invocation, nouns: "Nouns", kind: str, names: Sequence[str], key: str = "name") -> None:
    """Remove all that are named: none of them, if one does not exist."""
    rows = [find(nouns, kind, name, key) for name in names]
    for row in rows:
        nouns.remove(row["id"])
        invocation.remark(f"{kind.capitalize()} {row[key]} is removed.")
    invocation.answer({"removed": [row["id"] for row in rows]})


def listing(
    invocation: Invocation, found: dict[str, Row], columns: Sequence[str], cells: Callable[[Row], Sequence[str]]
) -> None:
    """Print rows by id."""
    made = views.table("ID", *columns, right=["ID"])
    for number, row in sorted(found.items(), key=lambda item: int(item[0])):
        made.add_row(number, *map(escape, cells(row)))
    invocation.answer(found, made)
