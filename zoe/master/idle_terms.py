"""Whose executions end when nobody uses them, and after how long: by deployment, role and ZApp type."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from zoe.master.entries import ExecutionEntry
from zoe.master.idle import Times
from zoe.plugin import IdleTimes

_SHORTEST_INTERVAL = 1.0


@dataclass(frozen=True, slots=True)
class IdleTerms:
    """The times, in minutes; the most specific that says anything counts: ZApp type, then role, then deployment.

    `everything`: also executions that end by themselves. `look_seconds`: how often is looked, unless a time is so short
    that it takes more looks. `threshold`: the cores below which a service is quiet.
    """

    general: IdleTimes = field(default_factory=IdleTimes)
    roles: Mapping[str, IdleTimes] = field(default_factory=dict)
    zapp_types: Mapping[str, IdleTimes] = field(default_factory=dict)
    everything: bool = False
    look_seconds: float = 60.0
    threshold: float = 0.05
    can_extend: bool = True

    @property
    def interval(self) -> float:
        """How often is looked, seconds."""
        said = [minutes * 15 for times in self._all() for minutes in _said(times)]
        return max(_SHORTEST_INTERVAL, min([self.look_seconds, *said]))

    def may_apply(self, execution: ExecutionEntry) -> bool:
        """Tell whether this execution may be ended for being idle, whatever role its owner has."""
        if execution.zapp.will_end and not self.everything:
            return False
        own = self.zapp_types.get(execution.row.zapp_type or "", IdleTimes())
        return any(_said(times) for times in (own, self.general, *self.roles.values()))

    def times(self, role: str, execution: ExecutionEntry) -> Times:
        """Return the times of an execution whose owner has this role."""
        own = self.zapp_types.get(execution.row.zapp_type or "", IdleTimes())
        order = (own, self.roles.get(role, IdleTimes()), self.general)
        elastic = _first(times.elastic_minutes for times in order)
        has_elastic = any(not service.row.essential for service in execution.services)
        return Times(elastic if has_elastic else None, _first(times.end_minutes for times in order))

    def _all(self) -> Iterable[IdleTimes]:
        return (self.general, *self.roles.values(), *self.zapp_types.values())


def over(first: IdleTimes, second: IdleTimes) -> IdleTimes:
    """Return the times of `first`, and those of `second` where it says nothing."""
    elastic = second.elastic_minutes if first.elastic_minutes is None else first.elastic_minutes
    return IdleTimes(elastic, second.end_minutes if first.end_minutes is None else first.end_minutes)


def _first(said: Iterable[float | None]) -> float | None:
    minutes = next((one for one in said if one is not None), None)
    return minutes * 60 if minutes else None


def _said(times: IdleTimes) -> list[float]:
    return [minutes for minutes in (times.elastic_minutes, times.end_minutes) if minutes]
