"""Commands to look around: the machines, and the plugins."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.markup import escape

from zoe.cli import formatting as fmt
from zoe.cli import views
from zoe.cli.invocation import Invocation, shared
from zoe.cli.signin import FileUnusableError
from zoe.errors import ZoeError

Row = dict[str, Any]


@shared
def nodes(invocation: Invocation) -> None:
    """List the machines: what they have, what is reserved, what they cannot do.

    Examples:
        zoe nodes
    """
    with invocation.client() as client:
        document = client.nodes()
    made = views.table("NODE", "STATUS", "CORES", "MEMORY", "LABELS AND REMARKS")
    for node in _rows(document, "nodes"):
        made.add_row(*_cells(node))
    invocation.answer(document, made)


def _cells(node: Row) -> list[str]:
    remarks = [*node.get("labels", ()), *node.get("remarks", ())]
    cores = f"{fmt.number(node.get('cores_reserved', 0))} of {fmt.number(node.get('cores_total'))}"
    memory = f"{fmt.size(node.get('memory_reserved', 0))} of {fmt.size(node.get('memory_total'))}"
    return [escape(node["name"]), escape(str(node.get("status"))), cores, memory, escape("; ".join(map(str, remarks)))]


def _rows(document: Row, key: str) -> Iterable[Row]:
    """Return the rows of a collection: below a key, or by id."""
    rows = document.get(key, document)
    return list(rows.values()) if isinstance(rows, dict) else rows


@shared
def plugins(invocation: Invocation) -> None:
    """List the installed plugins, from which package each comes, and what is in use. Works without a server, too.

    Examples:
        zoe plugins
        zoe plugins --json
    """
    try:
        with invocation.client() as client:
            found = list(_rows(client.plugins(), "plugins"))
    except FileUnusableError:
        raise
    except ZoeError:
        # No server, or not signed in: what is installed here can be told all the same.
        found = installed()
    made = views.table("KIND", "NAME", "IN USE", "PACKAGE", "VERSION", "WHAT IT IS")
    for one in found:
        made.add_row(*_plugin_cells(one))
    invocation.answer({"plugins": found}, made)


def installed() -> list[Row]:
    """Read the plugins installed beside this command line; whether they are in use is a server's to know."""
    # Plugins may be large; the other commands do not wait for them to be loaded.
    from zoe.plugin.manager import PluginManager  # noqa: PLC0415

    return [
        {
            "kind": offer.kind,
            "name": offer.name,
            "summary": offer.doc,
            "package": offer.package,
            "version": offer.version,
            "in_use": None,
        }
        for offer in PluginManager().load().offered()
    ]


def _plugin_cells(one: Row) -> Sequence[str]:
    in_use = {True: "yes", False: "no"}.get(one.get("in_use"), "?")  # type: ignore[arg-type]
    words = [str(one.get(key) or "") for key in ("package", "version", "summary")]
    return [str(one["kind"]), escape(str(one["name"])), in_use, *map(escape, words)]
