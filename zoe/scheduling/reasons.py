"""Why an execution waits, in words that its owner understands, and what would let it start."""

from collections.abc import Iterable, Sequence
from functools import cached_property

from zoe.scheduling import words
from zoe.scheduling.model import Node, Part, Quota, Resources, Snapshot, Wait
from zoe.scheduling.quotas import Limit, exceeds_by_itself
from zoe.scheduling.register import Ending, Known
from zoe.scheduling.remedies import Remedies
from zoe.scheduling.room import Room
from zoe.scheduling.search import fit
from zoe.scheduling.shapes import Gang
from zoe.scheduling.together import carries
from zoe.scheduling.vectors import ZERO, Vector, holds, larger, nearest, of, resources, those_with_room


class Reasons:
    """Explains the outcome of one pass."""

    def __init__(self, snapshot: Snapshot, room: Room, head: Known | None, endings: Sequence[Ending]) -> None:
        self._snapshot = snapshot
        self._room = room
        self._head = head
        self._endings = endings
        self._remedies = Remedies(room, endings)
        self._known_possible: dict[Gang, bool] = {}
        self._said: dict[tuple[Gang | None, tuple[str, ...]], tuple[str, str]] = {}

    def blocked(self, known: Known) -> Wait:
        """Explain one that found no room, or that would delay the head."""
        if not self._possible(known):  # it was not looked at closely: one that asks for less found no room either
            return self.impossible(known)
        head = self._head
        if head is not None and head is not known and self._fits(known, self._room.now):
            reason = f"execution {head.app.id} is ahead in the queue and waits for room that this one would take"
            return Wait(reason, behind=head.app.id, remedy=f"it can start when execution {head.app.id} has started")
        behind = None if head is None or head is known else head.app.id
        # Many wait for the same: it is found out once.
        alike = known.gang, tuple(part.group for part in known.core)
        if alike not in self._said:
            self._said[alike] = self._lack(known), self._remedies.of(known)
        lack, remedy = self._said[alike]
        return Wait(lack, behind=behind, remedy=remedy)

    @staticmethod
    def room_is_coming() -> Wait:
        """Explain one for whose core room is being made."""
        return Wait("room is being made for it: it starts as soon as other services have stopped",
                    remedy="nothing is needed: it starts in a moment")  # fmt: skip

    def opportunistic(self, known: Known) -> Wait:
        """Explain one that only gets what nobody else wants."""
        return Wait(f"it is opportunistic and waits for idle resources; {self._lack(known)}")

    def over_quota(self, known: Known, limit: Limit, quota: Quota) -> Wait:
        """Explain one that is held by its owner's quota."""
        allowed = {
            Limit.EXECUTIONS: f"{quota.executions} running execution{'' if quota.executions == 1 else 's'}",
            Limit.CORES: words.amount(Resources(cores=quota.cores)),
            Limit.MEMORY: words.amount(Resources(memory=quota.memory)),
        }[limit]
        reason = f"the quota of {known.app.owner} allows {allowed} at a time"
        if limit is not Limit.EXECUTIONS and exceeds_by_itself(quota, known):
            return Wait(f"{reason}, and this execution alone needs more", possible=False)
        return Wait(
            f"{reason}, and that is used up", remedy=f"it can start when another execution of {known.app.owner} ends"
        )

    def impossible(self, known: Known) -> Wait:
        """Explain one whose core would not even fit on the empty cluster."""
        nodes = self._room.nodes
        if not any(node.open for node in nodes):
            return Wait("no node is available at the moment", possible=bool(nodes) and self._fits_with_all(known))
        if self._fits_with_all(known):
            closed = [node.name for node in nodes if not node.open]
            return Wait(f"it needs nodes that are disabled or offline at the moment ({words.listing(closed[:3])})")
        return Wait(self._never(known), possible=False)

    def _never(self, known: Known) -> str:
        worst = next((part for part in known.core if not self._hosts(part)), None)
        if worst is None:
            return "its core services do not fit on this cluster together, even when it is empty"
        labelled = _labelled(self._room.nodes, worst.labels)
        if not labelled:
            return f"{worst.group} needs {words.node_with(worst.labels)}; none has it"
        totals = [of(node.total) for node in self._room.nodes]
        best = self._room.nodes[nearest(labelled, totals, of(worst.reserved))]
        return (
            f"{worst.group} needs {words.amount(worst.reserved)} on {words.node_with(worst.labels)}; "
            f"the best node for it, {best.name}, has {words.amount(best.total)} in all"
        )

    def _lack(self, known: Known) -> str:
        now, where = self._room.now, self._room.with_labels
        parts = known.core
        worst = next((it for it in parts if not those_with_room(where(it.labels), now, of(it.reserved))), None)
        if worst is None:
            return f"its {len(parts)} core services fit one by one, but not together{self._holders}"
        number = nearest(where(worst.labels), now, of(worst.reserved))
        best = self._room.nodes[number]
        free = resources(larger(now[number], ZERO))
        short = _short(worst.reserved, free)
        needs = f"{worst.group} needs {words.amount(short)} on {words.node_with(worst.labels)}"
        return f"{needs}; {best.name} has {words.amount(_only(free, short))} free{self._on(best, free, short)}"

    def _on(self, node: Node, free: Resources, short: Resources) -> str:
        holders = self._holders_by_node.get(node.name, [])
        held = _only(node.total - free, short)
        return f", {words.amount(held)} {words.is_or_are(held)} held by {words.executions(holders)}" if holders else ""

    @cached_property
    def _holders_by_node(self) -> dict[str, list[int]]:
        found: dict[str, dict[int, None]] = {}
        for app in self._snapshot.applications:
            for part in app.parts:
                if part.node is not None:
                    found.setdefault(part.node, {})[app.id] = None
        for (_, _, id_), held in self._endings:
            for it in held:
                if it.node >= 0:
                    found.setdefault(self._room.nodes[it.node].name, {})[id_] = None
        return {name: sorted(ids) for name, ids in found.items()}

    @cached_property
    def _holders(self) -> str:
        ids = sorted({id_ for ids in self._holders_by_node.values() for id_ in ids})
        return f"; their room is held by {words.executions(ids)}" if ids else ""

    def _hosts(self, part: Part) -> bool:
        need = of(part.reserved)
        return any(carries(node, part.labels) and holds(of(node.total), need) for node in self._room.nodes)

    def _fits(self, known: Known, room: Sequence[Vector]) -> bool:
        assert known.gang is not None  # noqa: S101 - who waits has core parts without a place
        return fit(known.gang, room, self._room.with_labels, self._room.nodes) is not None

    def _possible(self, known: Known) -> bool:
        assert known.gang is not None  # noqa: S101 - who waits has core parts without a place
        found = self._known_possible.get(known.gang)
        if found is None:
            found = self._known_possible[known.gang] = self._fits(known, self._room.totals)
        return found

    def _fits_with_all(self, known: Known) -> bool:
        """Tell whether the core fits if every node that is known were open."""
        nodes = self._room.nodes
        totals = [of(node.total) for node in nodes]
        assert known.gang is not None  # noqa: S101 - who waits has core parts without a place
        where = {shape.labels: _labelled(nodes, shape.labels) for shape in known.gang.counts}
        return fit(known.gang, totals, where.__getitem__, nodes) is not None


def _labelled(nodes: Iterable[Node], labels: frozenset[str]) -> list[int]:
    return [number for number, node in enumerate(nodes) if carries(node, labels)]


def _short(need: Resources, free: Resources) -> Resources:
    return Resources(
        need.cores if need.cores > free.cores + 1e-9 else 0.0,
        need.memory if need.memory > free.memory else 0,
        need.gpus if need.gpus > free.gpus else 0,
    )


def _only(amount: Resources, which: Resources) -> Resources:
    return Resources(
        amount.cores if which.cores else 0.0, amount.memory if which.memory else 0, amount.gpus if which.gpus else 0
    )
