"""`zoe extend`: more time for an execution that would end for being idle."""

import re
import time
from typing import TYPE_CHECKING, Annotated

import typer

from zoe.cli import formatting as fmt
from zoe.cli.invocation import Invocation, shared
from zoe.errors import NotFoundError, ZoeError

if TYPE_CHECKING:
    from zoe.client import Client, Execution

_HOURS = {"min": 1 / 60, "h": 1.0, "d": 24.0}


@shared
def extend(
    invocation: Invocation,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="[EXECUTION] TIME",
            help="Number of the execution, unless only one of yours runs; and for how long: 30min, 4h, 2d.",
            show_default=False,
        ),
    ],
) -> None:
    """Keep an execution for some time from now on, though nobody may work with it meanwhile.

    Examples:
        zoe extend 4h
        zoe extend 7 90min

    """
    hours = parse_hours(words[-1])
    if len(words) > 2 or (len(words) == 2 and not words[0].isdecimal()):
        raise ZoeError("Say which execution and for how long: zoe extend 7 4h")
    with invocation.client() as client:
        execution = client.execution(int(words[0])) if len(words) == 2 else _the_only_one(client)
        until = client.extend(execution["id"], hours)
    invocation.answer({"execution_id": execution["id"], "kept_until": until})
    invocation.remark(f"Execution {execution['id']} is kept until {fmt.moment(until)}.{_unless(execution, until)}")


def parse_hours(text: str) -> float:
    """Read a length of time: `4h`, `90min`, `1.5d`; a number alone is hours.

    Raises:
        ZoeError: it is none.

    """
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,6})?) ?(min|h|d)?", text.strip())
    hours = float(match[1]) * _HOURS[match[2] or "h"] if match else 0.0
    if not hours:
        raise ZoeError(f"{text!r} is not a length of time: write it as 30min, 4h or 2d.")
    return hours


def _the_only_one(client: "Client") -> "Execution":
    found = client.executions(status="running", limit=2)
    if len(found) != 1:
        asked = "No execution runs." if not found else "More than one execution runs: say which, as in zoe extend 7 4h."
        raise NotFoundError(asked)
    return found[0]


def _unless(execution: "Execution", until: float) -> str:
    ends_at = execution.get("ends_at")
    if ends_at is None or ends_at > until:
        return ""
    left = fmt.duration(ends_at - time.time())
    return f" But the runtime limit of its quota ends it at {fmt.moment(ends_at)}, in {left}."
