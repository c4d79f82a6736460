"""What becomes of an execution that nobody uses, and when its time is over, for a person's eyes."""

from collections.abc import Mapping
from typing import Any

from rich.markup import escape

from zoe.cli import formatting as fmt


def in_short(idle: Mapping[str, Any] | None) -> str:
    """Say in a few words that an execution is idle or kept, and when it ends; nothing while it is used."""
    if not idle:
        return ""
    first = (
        f"kept until {_clock(idle['kept_until'])}" if idle["step"] == "kept" else f"idle since {_clock(idle['since'])}"
    )
    ends = "" if idle["deadline"] is None else f", ends at {_clock(idle['deadline'])}"
    return first + ("" if idle["step"] == "kept" else ends)


def in_full(idle: Mapping[str, Any] | None, ends_at: float | None, execution: int, now: float) -> list[tuple[str, str]]:
    """Say since when it is idle and why, what happens when, and what can be done about it; as markup."""
    rows = [("Time limit", _until(ends_at, now) + ", as its quota has it")] if ends_at else []
    if not idle:
        return rows
    rows.append(("Kept" if idle["step"] == "kept" else "Idle", escape(str(idle["reason"]))))
    if idle["elastic_deadline"] is not None:
        rows.append(("Elastic part ends", _until(idle["elastic_deadline"], now)))
    if idle["deadline"] is not None:
        hint = f"; `zoe extend {execution} 4h` keeps it" if idle["can_extend"] else ""
        rows.append(("Ends", f"{_until(idle['deadline'], now)} unless it is used{hint}"))
    return rows


def _until(moment: float, now: float) -> str:
    return f"{fmt.moment(moment)}, in {fmt.duration(max(0.0, moment - now))}"


def _clock(moment: float) -> str:
    return fmt.moment(moment)[11:16]
