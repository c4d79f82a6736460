"""What becomes of an execution that nobody uses: pure, without clock or database.

One look decides one step at most, in order: it is said that it is idle, its elastic services go back, it ends. Whatever
says that it is active, or does not know, takes it back to the beginning.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

LONGEST_NOTICE = 900.0
"""After so many idle seconds at the latest it is said; a short break is nobody's business."""


class Step(StrEnum):
    """How far it has come. `kept`: somebody asked for more time."""

    ACTIVE = "active"
    KEPT = "kept"
    IDLE = "idle"
    RESTING = "resting"
    ENDING = "ending"


@dataclass(frozen=True, slots=True)
class Times:
    """After how many idle seconds elastic services go back, and the execution ends; None: never."""

    elastic: float | None = None
    end: float | None = None

    @property
    def notice(self) -> float:
        """After how many idle seconds it is said."""
        limits = [limit for limit in (self.elastic, self.end) if limit is not None]
        return min([LONGEST_NOTICE, *(limit / 2 for limit in limits)])


@dataclass(frozen=True, slots=True)
class Signals:
    """What a look found. `used_at`: when it was used last, as far as anybody saw (seconds since the epoch).

    `active` says what shows that it is active now, or which signal nobody knows. `lease_until`: somebody wants it kept
    until then.
    """

    used_at: float | None = None
    active: str | None = None
    lease_until: float | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """How long it has been idle: from `since` until `looked_at`, but for `unseen` seconds in which nobody looked.

    `announced`: it was said that it is idle. `resting`: its elastic services have been given back.
    """

    since: float
    looked_at: float
    unseen: float = 0.0
    announced: bool = False
    resting: bool = False

    @property
    def begin(self) -> float:
        """From when all time would count."""
        return self.since + self.unseen


@dataclass(frozen=True, slots=True)
class Decision:
    """Where it stands after a look, and when the next steps are due (seconds since the epoch; None: never)."""

    step: Step
    clock: Clock
    elastic_deadline: float | None = None
    deadline: float | None = None


def decide(clock: Clock, signals: Signals, times: Times, now: float, longest_gap: float) -> Decision:
    """Take one look into account. Of the time since the look before, at most `longest_gap` seconds count as idle."""
    kept_until = signals.lease_until or 0.0
    if signals.active is not None:
        return Decision(Step.ACTIVE, Clock(now, now))
    if kept_until > now:
        return Decision(Step.KEPT, Clock(now, now), None, _after(kept_until, times.end))
    used_at = min(max(signals.used_at or 0.0, kept_until), now)
    if used_at > clock.since:
        return Decision(Step.ACTIVE, Clock(used_at, now))
    unseen = clock.unseen + max(0.0, now - clock.looked_at - longest_gap)
    return _step(replace(clock, looked_at=now, unseen=unseen), times, now)


def _step(clock: Clock, times: Times, now: float) -> Decision:
    elastic, end = _after(clock.begin, times.elastic), _after(clock.begin, times.end)
    if elastic is not None and end is not None and elastic >= end:
        elastic = None  # they go with the execution
    if not clock.announced:
        return Decision(Step.IDLE, replace(clock, announced=now >= clock.begin + times.notice), elastic, end)
    if elastic is not None and not clock.resting:
        if now < elastic:
            return Decision(Step.IDLE, clock, elastic, end)
        return Decision(Step.RESTING, replace(clock, resting=True), elastic, end)
    if end is not None and now >= end:
        return Decision(Step.ENDING, clock, elastic, end)
    return Decision(Step.RESTING if clock.resting else Step.IDLE, clock, elastic, end)


def _after(begin: float, limit: float | None) -> float | None:
    return None if limit is None else begin + limit
