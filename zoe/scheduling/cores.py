"""The first phase: core services, in policy order."""

from collections.abc import Iterable
from math import inf

from zoe.scheduling import gangs, making_room
from zoe.scheduling.passing import Pass, Why
from zoe.scheduling.register import Held, Known
from zoe.scheduling.shadow import cast
from zoe.scheduling.shapes import Gang


def start_cores(current: Pass, ordered: Iterable[Known]) -> None:
    """Start every core that has room, make room for those that may have it, and let the others wait.

    The first that must wait for others to end is the head; after it nobody gets room that the head will need.
    """
    waiting, refused, want = current.waiting, current.no_room[0].refused, current.wanting.append
    for known in ordered:
        gang = known.gang
        if gang is None:
            if known.elastic:
                want(known)
        # Almost always, in a long queue: one who asked for the same found no room either.
        elif (gang in refused and current.head is not None) or _is_hopeless(current, known, gang):
            waiting[known.app.id] = known
        elif _serve(current, known, gang):
            if known.elastic:
                want(known)
        else:
            waiting[known.app.id] = known


def _is_hopeless(current: Pass, known: Known, gang: Gang) -> bool:
    """Tell at once that one who asked for less found no room."""
    if current.head is None:
        return False
    if current.no_room[1].covers(gang) and not _ends_in_time(current, known):
        return True
    return current.no_room[0].covers(gang)


def _serve(current: Pass, known: Known, gang: Gang) -> bool:
    if (limit := current.quotas.limit(known)) is not None:
        current.notes[known.app.id] = limit
        return False
    capped = current.head is not None and not _ends_in_time(current, known)
    refused = current.refused(current.no_room, gang, capped=capped)
    if not refused and _start(current, known, gang, capped=capped):
        return True
    if not current.possible(gang):
        current.notes[known.app.id] = Why.IMPOSSIBLE
        return False
    if refused:
        return False
    if making_room.promise(current, known, gang, capped=capped):
        current.notes[known.app.id] = Why.ROOM_IS_ON_ITS_WAY
        return False
    making_room.refuse(current, gang, capped=capped)
    if current.head is None:
        _become_head(current, known, gang)
    return False


def _ends_in_time(current: Pass, known: Known) -> bool:
    """Tell whether an execution will have ended when the head has its room: then it cannot delay it."""
    expected = known.app.expected
    return expected is not None and expected.high <= current.spare_seconds and expected.seconds <= current.spare_seconds


def _start(current: Pass, known: Known, gang: Gang, *, capped: bool) -> bool:
    if current.refused(current.no_start, gang, capped=capped) or current.quotas.must_wait(known):
        return False
    placed = gangs.place(current, known, gang, firm=True, capped=capped)
    if placed is None:
        return False
    current.start(known, placed)
    kept = zip(placed, gang.shapes, strict=True)
    current.enter(known, [Held(part, node, shape.need) for (part, node), shape in kept])
    return True


def _become_head(current: Pass, known: Known, gang: Gang) -> None:
    shadow = cast(gang, current.room, current.register.ends, current.newcomers)
    if shadow is None:
        current.notes[known.app.id] = Why.IMPOSSIBLE
        return
    current.head, current.shadow = known, shadow
    current.spare_seconds = shadow.at - current.snapshot.now if shadow.at < inf else -1.0
    current.room.limit(shadow.cap)
