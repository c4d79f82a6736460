"""The second phase, elastic services in policy order; and the third, opportunistic executions on the rest."""

from collections.abc import Iterable

from zoe.scheduling import gangs
from zoe.scheduling.model import Part
from zoe.scheduling.passing import Pass, Why
from zoe.scheduling.refusals import Refusals
from zoe.scheduling.register import Known
from zoe.scheduling.shapes import Gang, Shape
from zoe.scheduling.vectors import first_with_room


def start_elastic(current: Pass, wanting: Iterable[Known], *, regular: bool = True) -> None:
    """Give what is left to elastic services; the regular ones of them push opportunistic executions out."""
    contested = regular and bool(current.register.opportunistic)
    is_refused = current.no_start[0].covers_shape
    no_claim = Refusals()
    for known in wanting:
        if contested:
            for shape in _start_some(current, known, contested=True):
                _push_out(current, known, shape, no_claim)
            continue
        for shape, _ in known.elastic:
            if not is_refused(shape):
                _start_some(current, known, contested=False)
                break


def start_opportunistic(current: Pass, opportunistic: Iterable[Known]) -> None:
    """Start what nobody else wants room for, whole."""
    wanting: list[Known] = []
    gone = {stop.application for stop in current.plan.stops if stop.requeue}
    for known in opportunistic:
        if known.app.id in gone:
            continue
        if known.gang is None or _start_whole(current, known, known.gang):
            wanting.append(known)
        else:
            current.waiting[known.app.id] = known
    start_elastic(current, wanting, regular=False)


def _start_whole(current: Pass, known: Known, gang: Gang) -> bool:
    if not current.possible(gang):
        current.notes[known.app.id] = Why.IMPOSSIBLE
        return False
    current.notes[known.app.id] = Why.OPPORTUNISTIC
    if current.refused(current.no_start, gang, capped=False):
        return False
    placed = gangs.place(current, known, gang, firm=False, capped=False)
    if placed is None:
        return False
    del current.notes[known.app.id]
    current.start(known, placed)
    return True


def _start_some(current: Pass, known: Known, *, contested: bool) -> list[Shape]:
    """Start what has room; return the shapes of what has none, for each part of it where that is `contested`."""
    near: dict[int, int] | None = None
    refused: list[Shape] = []
    placed: list[tuple[Part, int]] = []
    first = 0
    for shape, count in known.elastic:
        first += count
        allowed = count if known.app.opportunistic else current.quotas.allows(known.app.owner, shape.need, count)
        if allowed and not current.has_room(shape):
            refused += [shape] * (count if contested else 1)
        elif allowed:
            if near is None:
                near, parts = current.beside(known), known.rest
            wanted = parts[first - count : first - count + allowed]
            started = current.place(wanted, shape, near, firm=False, capped=False)
            placed += started
            if not known.app.opportunistic:
                current.quotas.give_elastic(known.app.owner, shape.need, len(started))
            if len(started) < len(wanted):
                current.no_start[0].add_shape(shape)
                refused += [shape] * (count - len(started) if contested else 1)
    if placed:
        current.start(known, placed)
    return refused


def _push_out(current: Pass, known: Known, shape: Shape, no_claim: Refusals) -> None:
    """Keep room that is on its way for an elastic service, and else stop opportunistic executions for it."""
    if no_claim.covers_shape(shape):
        return
    soon = current.room.soon
    free = first_with_room(current.room.with_labels(shape.labels), soon, shape.need)
    if free is not None:
        current.room.claim(free, shape.need, firm=False, capped=False)
        return
    found = current.victims.for_shape(shape, capped=False, whole_only=True)
    if found is None:
        no_claim.add_shape(shape)
        return
    node, victims = found
    current.victims.take(victims)
    current.stop(victims, f"execution {known.app.id} needs the room for an elastic service")
    current.room.claim(node, shape.need, firm=False, capped=False)
