"""Starting a gang: all of it or nothing."""

from zoe.scheduling.model import Part
from zoe.scheduling.passing import Pass
from zoe.scheduling.register import Known
from zoe.scheduling.search import fit
from zoe.scheduling.shapes import Gang

Placed = list[tuple[Part, int]]


def place(current: Pass, known: Known, gang: Gang, *, firm: bool, capped: bool) -> Placed | None:
    """Find a node for each core part that waits and take its room; None, and nothing taken, if one finds none."""
    placed = _by_placement(current, known, gang, firm=firm, capped=capped)
    if placed is None and not gang.uniform and not current.no_start[capped].covers(gang):
        placed = _by_search(current, known, gang, firm=firm, capped=capped)
    if placed is None:
        current.no_start[capped].add(gang)
    else:
        near = current.near[known.app.id] = current.beside(known)
        for _, node in placed:
            near[node] = near.get(node, 0) + 1
    return placed


def _by_placement(current: Pass, known: Known, gang: Gang, *, firm: bool, capped: bool) -> Placed | None:
    placed: Placed = []
    near = current.beside(known).copy()
    parts = known.core
    for shape, count in gang.runs:
        wanted = parts[len(placed) : len(placed) + count]
        started = current.place(wanted, shape, near, firm=firm, capped=capped)
        if not started and not placed:
            current.no_start[capped].add_shape(shape)
        placed += started
        if len(started) < count:
            for (_, node), done in zip(placed, gang.shapes, strict=False):
                current.room.undo_start(node, done.need, firm=firm, capped=capped)
            return None
    return placed


def _by_search(current: Pass, known: Known, gang: Gang, *, firm: bool, capped: bool) -> Placed | None:
    room = current.room
    nodes = fit(gang, room.within("now", capped=capped), room.with_labels, room.nodes)
    if nodes is None:
        return None
    for node, shape in zip(nodes, gang.shapes, strict=True):
        room.start(node, shape.need, firm=firm, capped=capped)
    return list(zip(known.core, nodes, strict=True))
