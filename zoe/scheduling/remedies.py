"""What would let an execution start now: needing a little less, or the end of another one."""

from collections.abc import Sequence

from zoe.scheduling import words
from zoe.scheduling.prospect import Prospect
from zoe.scheduling.register import Ending, Known
from zoe.scheduling.room import Room
from zoe.scheduling.vectors import ZERO, larger, minus, nearest, resources

_MOST_LOOKED_AT = 30


class Remedies:
    """Looks for remedies after a pass."""

    def __init__(self, room: Room, endings: Sequence[Ending]) -> None:
        self._room = room
        self._endings = endings

    def of(self, known: Known) -> str:
        """Return what would help, as a sentence; empty where nothing simple would."""
        found = [words_ for words_ in (self._less(known), self._end(known)) if words_]
        return f"it could start {', or '.join(found)}" if found else ""

    def _less(self, known: Known) -> str:
        if known.gang is None or len(known.gang.shapes) > 1:
            return ""
        shape = known.gang.shapes[0]
        now = self._room.now
        closest = now[nearest(self._room.with_labels(shape.labels), now, shape.need)]
        lack = larger(minus(shape.need, closest), ZERO)
        if lack == shape.need or min(closest) < 0:
            return ""
        who = "it" if known.app.together else known.core[0].group
        return f"now if {who} needed {words.amount(resources(lack))} less"

    def _end(self, known: Known) -> str:
        gang = known.gang
        if gang is None:
            return ""
        prospect = Prospect(gang, list(self._room.ever), self._room)
        for (_, _, id_), held in self._endings[:_MOST_LOOKED_AT]:
            if prospect.give(held) and prospect.nodes() is not None:
                return f"when execution {id_} ends"
            prospect.take(held)
        return ""
