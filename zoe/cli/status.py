"""`zoe status`: the cluster at a glance."""

import time
from collections.abc import Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape

from zoe.cli import formatting as fmt
from zoe.cli import views
from zoe.cli.invocation import Invocation, shared

Document = Mapping[str, Any]


@shared
def status(invocation: Invocation) -> None:
    """Show the cluster at a glance: what runs and waits, how full it is, what its idle room is given to.

    Examples:
        zoe status
        zoe status --json
    """
    with invocation.client() as client:
        scheduler, backfill = client.scheduler(), client.backfill()
    shown = Group(_summary(scheduler), *_backfills(backfill, time.time()))
    invocation.answer({"scheduler": scheduler, "backfill": backfill}, shown)


def _summary(scheduler: Document) -> RenderableType:
    platform = scheduler["platform_stats"]
    cores = f"{fmt.number(platform['cores_reserved'])} of {fmt.number(platform['cores_total'])} reserved"
    memory = f"{fmt.size(platform['memory_reserved'])} of {fmt.size(platform['memory_total'])} reserved"
    ending = scheduler["termination_queue_length"]
    rows = [
        ("Running", f"{scheduler['running_length']}" + (f", and {ending} that end" if ending else "")),
        ("Waiting", str(scheduler["queue_length"])),
        ("Cores", cores),
        ("Memory", memory),
    ]
    return views.pairs(rows)


def _backfills(found: Document, now: float) -> list[RenderableType]:
    if not found:
        return []
    made = views.table("BACKFILL", "RUNS", "WAITS", "CORE HOURS", "DONE", "FAILED", "MADE ROOM", "ABOUT")
    for name, one in found.items():
        counts = [str(one[key]) for key in ("done", "failed", "made_room")]
        hours = fmt.number(round(one["core_hours"], 1))
        made.add_row(escape(name), str(one["running"]), str(one["waiting"]), hours, *counts, escape(about(one, now)))
    return ["", made]


def about(backfill: Document, now: float) -> str:
    """Say under which terms a backfill runs, or why it does not."""
    if not backfill["in_use"]:
        return "not in use any more" if backfill["terms"] else "submitted as opportunistic"
    until = backfill["paused_until"] or 0.0
    if backfill["note"]:
        pause = f"pausing for {fmt.duration(until - now)}: " if until > now else ""
        return f"{pause}{backfill['note']}"
    terms = backfill["terms"]
    hours = "at any time" if terms["hours"] == "any" else terms["hours"]
    return f"up to {terms['share']:.0%} of the cluster, {hours}, after {terms['idle_minutes']:g} idle minutes"
