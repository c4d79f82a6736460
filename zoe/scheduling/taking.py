"""Who is taken back for a gang, and on which nodes."""

from zoe.scheduling.passing import Pass
from zoe.scheduling.prospect import Prospect
from zoe.scheduling.shapes import Gang, Shape
from zoe.scheduling.vectors import first_with_room
from zoe.scheduling.victims import Victim

_MOST_TRIED = 16


def claim(current: Pass, gang: Gang, nodes: list[int], *, capped: bool) -> None:
    """Keep room for a gang on these nodes."""
    for node, shape in zip(nodes, gang.shapes, strict=True):
        current.room.claim(node, shape.need, firm=True, capped=capped)


def take_for(current: Pass, gang: Gang, fixed: list[int], *, capped: bool) -> tuple[list[int], list[Victim]]:
    """Take back part after part where the last in order go first; where that does not work out, on `fixed` nodes."""
    nodes: list[int] = []
    victims: list[Victim] = []
    for shape in gang.shapes:
        found = _cheapest(current, shape, capped=capped)
        if found is None:
            _undo(current, gang, nodes, victims, capped=capped)
            nodes, victims = fixed, _take_on(current, gang, fixed, capped=capped)
            break
        node, mine = found
        current.victims.take(mine)
        current.room.claim(node, shape.need, firm=True, capped=capped)
        nodes.append(node)
        victims += mine
    return _try_with_fewer(current, gang, nodes, current.victims.spare(victims), capped=capped)


def _try_with_fewer(
    current: Pass, gang: Gang, nodes: list[int], victims: list[Victim], *, capped: bool
) -> tuple[list[int], list[Victim]]:
    """Look whether the gang fits elsewhere with one victim less, and again; one part against single parts cannot."""
    alone = len(gang.shapes) == 1 and not any(victim.whole for victim in victims)
    if alone or len(victims) < 2 or len(victims) > _MOST_TRIED:  # with nobody less it was tried before
        return nodes, victims
    for node, shape in zip(nodes, gang.shapes, strict=True):
        current.room.unclaim(node, shape.need, firm=True, capped=capped)
    needed = []
    soon = current.room.within("soon", capped=capped)
    prospect = Prospect(gang, list(soon), current.room)
    for victim in sorted(victims, key=lambda victim: -victim.rank):
        current.victims.let_stay(victim)
        prospect.look_again(victim.held, soon)
        found = prospect.nodes()
        if found is None:
            current.victims.take([victim])
            prospect.look_again(victim.held, soon)
            needed.append(victim)
        else:
            nodes = found
    claim(current, gang, nodes, capped=capped)
    return nodes, needed


def _cheapest(current: Pass, shape: Shape, *, capped: bool) -> tuple[int, list[Victim]] | None:
    soon = current.room.within("soon", capped=capped)
    free = first_with_room(current.room.with_labels(shape.labels), soon, shape.need)
    if free is not None:
        return free, []
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
