"""Room for a waiting core: what is leaving is kept for it, and what may be taken back is."""

from zoe.scheduling import taking
from zoe.scheduling.passing import Pass
from zoe.scheduling.register import Held, Known
from zoe.scheduling.search import fit
from zoe.scheduling.shapes import Gang
from zoe.scheduling.vectors import those_with_room
from zoe.scheduling.victims import Victim


def promise(current: Pass, known: Known, gang: Gang, *, capped: bool) -> bool:
    """Keep room for a gang that starts in a later pass, and stop whom it needs for that; False if there is none.

    Room that is on its way already is used first: a pass that comes before those are gone finds it again, and takes
    nothing twice.
    """
    room = current.room
    fixed = fit(gang, room.within("ever", capped=capped), room.with_labels, room.nodes)
    if fixed is None:
        return False
    victims: list[Victim] = []
    nodes = fit(gang, room.within("soon", capped=capped), room.with_labels, room.nodes)
    if nodes is not None:
        taking.claim(current, gang, nodes, capped=capped)
    else:
        nodes, victims = taking.take_for(current, gang, fixed, capped=capped)
    current.stop(victims, f"execution {known.app.id} needs the room for its core services")
    _settle_quota(current, known)
    kept = zip(known.core, nodes, gang.shapes, strict=True)
    current.enter(known, [Held(part, node, shape.need) for part, node, shape in kept])
    return True


def refuse(current: Pass, gang: Gang, *, capped: bool) -> None:
    """Remember that there is no room for a gang, whoever is taken back."""
    ever = current.room.within("ever", capped=capped)
    for shape in gang.counts:
        if not those_with_room(current.room.with_labels(shape.labels), ever, shape.need):
            current.no_room[capped].add_shape(shape)
    current.no_room[capped].add(gang)


def _settle_quota(current: Pass, known: Known) -> None:
    own = current.victims.of_owner(known.app.owner)
    while current.quotas.overdraft(known):
        victim = next(own, None)
        if victim is None:
            return
        current.victims.take([victim])
        current.stop([victim], f"execution {known.app.id} of the same owner needs its share of the quota")
