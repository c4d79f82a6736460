"""What is said of idle executions, in sentences. Times are those of this machine's time zone."""

import datetime as dt
from collections.abc import Sequence

from zoe.master.idle import Clock, Decision, Step

NO_TRAFFIC = "no traffic"


def moment(seconds: float, beside: float | None = None) -> str:
    """Write a time, `14:02 CET`; with the day where it is another than that of `beside`, and then no zone again."""
    when = dt.datetime.fromtimestamp(seconds, dt.UTC).astimezone()
    if beside is None:
        return when.strftime("%H:%M %Z")
    same_day = when.date() == dt.datetime.fromtimestamp(beside, dt.UTC).astimezone().date()
    return when.strftime("%H:%M" if same_day else "%a %d %b, %H:%M")


def reason(decision: Decision, quiet: Sequence[str]) -> str:
    """Say since when it is idle, and what shows it."""
    return f"idle since {moment(decision.clock.since)}: {', '.join([NO_TRAFFIC, *quiet])}"


def outlook(decision: Decision) -> str:
    """Say what happens next, and when."""
    since, plans = decision.clock.since, []
    if decision.elastic_deadline is not None and decision.step == Step.IDLE:
        plans.append(f"its elastic services go back at {moment(decision.elastic_deadline, since)}")
    if decision.deadline is not None:
        plans.append(f"it ends at {moment(decision.deadline, since)}")
    return " and ".join(plans)


def announcement(decision: Decision, quiet: Sequence[str]) -> str:
    """Say that it is idle and what will become of it."""
    return f"{reason(decision, quiet)}; {outlook(decision)}"


def rest(decision: Decision, quiet: Sequence[str]) -> str:
    """Say that its elastic services go back now."""
    rest_of_it = f", and {later}" if (later := outlook(decision)) else ""
    return f"{reason(decision, quiet)}; its elastic services go back until it is used again{rest_of_it}"


def kept(until: float, who: str | None) -> str:
    """Say that somebody asked for more time."""
    return f"kept until {moment(until)}" + (f", as {who} asked" if who else "")


def again(before: Clock, why: str) -> str:
    """Say that it is used again."""
    return f"active again ({why})" + ("; its elastic services come back" if before.resting else "")
