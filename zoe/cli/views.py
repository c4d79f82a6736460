"""Tables and panels for a person's eyes. Everything that a stranger wrote is escaped: it is text, not markup."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table

from zoe.cli import formatting as fmt
from zoe.cli import idle_view

if TYPE_CHECKING:
    from zoe.client import Execution

Row = Mapping[str, Any]


def table(*columns: str, right: Sequence[str] = ()) -> Table:
    """Make an empty table; columns named in `right` hold numbers, and the last column takes the lines it needs."""
    made = Table(box=None, pad_edge=False, header_style="bold", collapse_padding=True)
    for name in columns:
        last = name == columns[-1]
        made.add_column(name, justify="right" if name in right else "left", overflow="fold", no_wrap=not last)
    return made


def pairs(rows: Iterable[tuple[str, str]]) -> Table:
    """Lay out names and what stands behind them, one pair a line."""
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, text in rows:
        made.add_row(name, text)
    return made


def why(execution: "Execution") -> str:
    """Say in one line why an execution is where it is, as markup."""
    return escape(why_plain(execution))


def why_plain(execution: "Execution") -> str:
    """Say in one line why an execution is where it is: error, reason to wait, progress."""
    if execution["status"] in {"terminated", "error"}:
        return execution["error_message"] or ""
    progress = execution.get("progress") or {}
    if execution["status"] in {"submitted", "queued"} and (wait := execution.get("wait")):
        return f"{wait['position']}. in the queue: {wait['reason']}"
    idle = idle_view.in_short(execution.get("idle"))
    return str(execution["error_message"] or execution.get("wait_reason") or idle or progress.get("text") or "")


def done(execution: "Execution") -> str:
    """Say which share of its work a running execution has done; nothing where nobody knows."""
    fraction = (execution.get("progress") or {}).get("fraction")
    return f"{fraction:.0%}" if fraction is not None and execution["status"] == "running" else ""


def waiting(execution: "Execution", now: float) -> list[tuple[str, str]]:
    """Say where an execution stands in the queue, what would let it start, and when it is expected to; as markup."""
    wait = execution.get("wait")
    if not wait or execution["status"] not in {"submitted", "queued"}:
        return []
    start = wait.get("start")
    return [
        ("Position", str(wait["position"]) + ("" if wait["possible"] else "; it can never start on this cluster")),
        ("To start now", escape(str(wait.get("remedy") or ""))),
        ("Expected start", _expected(start, now) if start else "unknown: too little history of this ZApp"),
    ]


def _whose_leftovers(execution: "Execution") -> str:
    if not execution.get("opportunistic"):
        return ""
    backfill = execution.get("backfill")
    return "yes: it makes room for others" + (f"; offered by backfill {escape(backfill)}" if backfill else "")


def _expected(start: Row, now: float) -> str:
    earliest, expected, latest = (max(0.0, start[key] - now) for key in ("earliest", "expected", "latest"))
    return f"in {fmt.duration(expected)} (most likely in {fmt.duration(earliest)} to {fmt.duration(latest)})"


def executions(found: Sequence["Execution"], now: float) -> RenderableType | None:
    """List executions, one a line."""
    if not found:
        return None
    made = table("ID", "NAME", "STATUS", "SUBMITTED", "RAN", "ABOUT", right=["ID"])
    for one in found:
        ran = fmt.ran(one["time_start"], one["time_end"], now)
        about = "; ".join(filter(None, ["opportunistic" if one.get("opportunistic") else "", why(one)]))
        submitted = fmt.ago(one["time_submit"], now)
        made.add_row(str(one["id"]), escape(one["name"]), fmt.status(one["status"]), submitted, ran, about)
    return made


def services(found: Sequence[Row]) -> Table:
    """List the services of an execution."""
    made = table("SERVICE", "STATUS", "PART", "NODE", "EXIT", "ABOUT")
    for one in found:
        part = "core" if one.get("essential") else "elastic"
        code = one.get("exit_code")
        node = escape(str(one.get("backend_host") or "-"))
        about = escape(str(one.get("error_message") or ""))
        made.add_row(
            escape(one["name"]), fmt.status(one["status"]), part, node, "-" if code is None else str(code), about
        )
    return made


def events(found: Sequence[Row], start: float) -> Table:
    """List what happened, with the time since the submission."""
    made = table("WHEN", "AFTER", "WHAT", right=["AFTER"])
    for one in found:
        step = fmt.status(str(one["after"])) if one.get("after") else ""
        whose = f"{escape(str(one['service']))}: " if one.get("service") else ""
        reason = escape(str(one.get("reason") or ""))
        what = whose + (f"{step} - {reason}" if step and reason else step or reason)
        made.add_row(fmt.moment(one["at"]), fmt.duration(one["at"] - start), what)
    return made


def one_execution(execution: "Execution", parts: Sequence[Row], past: Sequence[Row], now: float) -> RenderableType:
    """Show everything about one execution."""
    code = execution.get("exit_code")
    rows = [
        ("Execution", f"{execution['id']}  {escape(execution['name'])}"),
        ("Status", fmt.status(execution["status"])),
        ("About", why(execution)),
        ("Done", done(execution)),
        *waiting(execution, now),
        ("Opportunistic", _whose_leftovers(execution)),
        ("Exit code", "" if code is None else str(code)),
        ("Submitted", fmt.moment(execution["time_submit"])),
        ("Waited", fmt.ran(execution["time_submit"], execution["time_start"] or execution["time_end"], now)),
        ("Ran", fmt.ran(execution["time_start"], execution["time_end"], now)),
        *idle_view.in_full(execution.get("idle"), execution.get("ends_at"), execution["id"], now),
    ]
    summary = pairs((name, text) for name, text in rows if text)
    return Group(summary, "", services(parts), "", events(past, execution["time_submit"]))


def endpoints(found: Sequence[tuple[str, str, str | None]]) -> RenderableType | None:
    """List web interfaces."""
    if not found:
        return None
    made = table("NAME", "ADDRESS")
    for name, url, proxy in found:
        made.add_row(escape(name), escape(proxy or url))
    return made
