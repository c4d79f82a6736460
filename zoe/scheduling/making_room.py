"""Room for a waiting core: what is leaving is kept for it, and what may be taken back is."""

from zoe.scheduling.passing import Pass
from zoe.scheduling.register import Held, Known
from zoe.scheduling.search import fit
from zoe.scheduling.shapes import Gang, Shape
from zoe.scheduling.vectors import holds, those_with_room
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
        _claim(current, gang, nodes, capped=capped)
    else:
        nodes, victims = _take_for(current, gang, fixed, capped=capped)
    current.stop(victims, f"execution {known.app.id} needs the room for its core services")
    _settle_quota(current, known)
    kept = zip(known.core_parts(), nodes, gang.shapes, strict=True)
    current.enter(known, [Held(part, node, shape.need) for part, node, shape in kept])
    return True


def refuse(current: Pass, gang: Gang, *, capped: bool) -> None:
    """Remember that there is no room for a gang, whoever is taken back."""
    ever = current.room.within("ever", capped=capped)
    for shape in gang.counts:
        if not those_with_room(current.room.with_labels(shape.labels), ever, shape.need):
            current.no_room[capped].add_shape(shape)
    current.no_room[capped].add(gang)


def _claim(current: Pass, gang: Gang, nodes: list[int], *, capped: bool) -> None:
    for node, shape in zip(nodes, gang.shapes, strict=True):
        current.room.claim(node, shape.need, firm=True, capped=capped)


def _take_for(current: Pass, gang: Gang, fixed: list[int], *, capped: bool) -> tuple[list[int], list[Victim]]:
    """Take back part after part where the last in order go first; where that does not work out, on `fixed` nodes."""
    nodes: list[int] = []
    victims: list[Victim] = []
    for shape in gang.shapes:
        found = _cheapest(current, shape, capped=capped)
        if found is None:
            _undo(current, gang, nodes, victims, capped=capped)
            return fixed, _take_on(current, gang, fixed, capped=capped)
        node, mine = found
        current.victims.take(mine)
        current.room.claim(node, shape.need, firm=True, capped=capped)
        nodes.append(node)
        victims += mine
    return nodes, current.victims.spare(victims)


def _cheapest(current: Pass, shape: Shape, *, capped: bool) -> tuple[int, list[Victim]] | None:
    soon = current.room.within("soon", capped=capped)
    for node in current.room.with_labels(shape.labels):
        if holds(soon[node], shape.need):
            return node, []
    return current.victims.for_shape(shape, capped=capped)


def _undo(current: Pass, gang: Gang, nodes: list[int], victims: list[Victim], *, capped: bool) -> None:
    for node, shape in zip(nodes, gang.shapes, strict=False):
        current.room.unclaim(node, shape.need, firm=True, capped=capped)
    for victim in victims:
        current.victims.let_stay(victim)


def _take_on(current: Pass, gang: Gang, nodes: list[int], *, capped: bool) -> list[Victim]:
    victims: list[Victim] = []
    for node, shape in zip(nodes, gang.shapes, strict=True):
        mine = current.victims.on_node(node, shape.need)
        current.victims.take(mine)
        current.room.claim(node, shape.need, firm=True, capped=capped)
        victims += mine
    return current.victims.spare(victims)


def _settle_quota(current: Pass, known: Known) -> None:
    own = current.victims.of_owner(known.app.owner)
    while current.quotas.overdraft(known):
        victim = next(own, None)
        if victim is None:
            return
        current.victims.take([victim])
        current.stop([victim], f"execution {known.app.id} of the same owner needs its share of the quota")
