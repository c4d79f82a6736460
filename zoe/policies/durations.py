"""How long executions last that nobody knows anything about."""

from collections.abc import Iterable
from statistics import median

from zoe.plugin import Application


def typical(applications: Iterable[Application]) -> float:
    """Return the median of the expected durations, in seconds; 1 where history knows none of them."""
    return median([one.expected.seconds for one in applications if one.expected] or [1.0])
