"""Why executions wait: made when somebody looks it up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from msgspec.structs import replace

from zoe.scheduling.forecast import Forecast
from zoe.scheduling.model import Quota, Snapshot, Wait
from zoe.scheduling.passing import Pass, Why
from zoe.scheduling.quotas import Limit
from zoe.scheduling.reasons import Reasons
from zoe.scheduling.register import Ending, Known
from zoe.scheduling.room import Room
from zoe.scheduling.shadow import Shadow


def who_waits_for_room(waits: Mapping[int, Wait]) -> Iterator[int]:
    """Yield who would start if there were more room: neither a quota nor the size of the cluster is in the way."""
    notes = waits.notes if isinstance(waits, Waits) else {}
    return (id_ for id_ in waits if not isinstance(notes.get(id_), Limit) and notes.get(id_) is not Why.IMPOSSIBLE)


@dataclass(frozen=True)
class Waits(Mapping[int, Wait]):
    """The queue in its order: an entry for every execution that waits.

    It holds what the pass left behind and nothing that a later pass changes, so it may be read at any time.
    """

    snapshot: Snapshot
    room: Room
    waiting: Mapping[int, Known]
    notes: Mapping[int, Why | Limit]
    head: Known | None
    shadow: Shadow | None
    endings: tuple[Ending, ...]

    @classmethod
    def after(cls, current: Pass) -> "Waits":
        """Keep what a pass left behind."""
        endings = (*current.register.ends, *sorted(current.newcomers)) if current.waiting else ()
        return cls(
            current.snapshot, current.room, current.waiting, current.notes, current.head, current.shadow, endings
        )

    def __getitem__(self, id_: int) -> Wait:
        known = self.waiting[id_]
        wait = self._reason(known)
        return replace(wait, position=self._positions[id_], start=self._forecast.start(id_) if wait.possible else None)

    def __iter__(self) -> Iterator[int]:
        return iter(self.waiting)

    def __len__(self) -> int:
        return len(self.waiting)

    def __contains__(self, id_: object) -> bool:
        return id_ in self.waiting

    @cached_property
    def _positions(self) -> Mapping[int, int]:
        return {id_: place for place, id_ in enumerate(self.waiting, 1)}

    @cached_property
    def _reasons(self) -> Reasons:
        return Reasons(self.snapshot, self.room, self.head, self.endings)

    @cached_property
    def _forecast(self) -> Forecast:
        served = [one for id_, one in self.waiting.items() if not isinstance(self.notes.get(id_), Why | Limit)]
        return Forecast(self.snapshot, self.room, served, self.endings)

    def _reason(self, known: Known) -> Wait:
        match self.notes.get(known.app.id):
            case Limit() as limit:
                return self._reasons.over_quota(known, limit, self.snapshot.quotas.get(known.app.owner, Quota()))
            case Why.IMPOSSIBLE:
                return self._reasons.impossible(known)
            case Why.ROOM_IS_ON_ITS_WAY:
                return self._reasons.room_is_coming()
            case Why.OPPORTUNISTIC:
                return self._reasons.opportunistic(known)
            case _:
                return self._reasons.blocked(known)
