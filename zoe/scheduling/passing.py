"""One pass: what its phases share."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from zoe.scheduling.candidates import Candidates, Picking
from zoe.scheduling.guard import Chooser
from zoe.scheduling.model import Part, Placement, Plan, Snapshot, Start, Stop
from zoe.scheduling.quotas import Limit, Quotas
from zoe.scheduling.refusals import Refusals
from zoe.scheduling.register import Ending, Held, Known, Register, end_of
from zoe.scheduling.remembered import Memory
from zoe.scheduling.room import Room
from zoe.scheduling.search import fit
from zoe.scheduling.shadow import Shadow
from zoe.scheduling.shapes import Gang, Shape
from zoe.scheduling.together import members
from zoe.scheduling.victims import Victim, Victims


class Why(Enum):
    """Why an execution waits, if not just for room."""

    IMPOSSIBLE = auto()
    ROOM_IS_ON_ITS_WAY = auto()
    OPPORTUNISTIC = auto()


@dataclass(slots=True)
class Pass:
    """The state of one pass.

    `waiting`: whose core got no place, in order. `notes`: why, where it is not just for room. `wanting`: who may have
    elastic parts. `newcomers`: who got room for good in this pass. `near`: on which nodes those are that started in it.
    `head`: the first that waits for others to end. `spare_seconds`: how long it will; negative if nobody knows.
    """

    snapshot: Snapshot
    register: Register
    room: Room
    candidates: Candidates
    victims: Victims
    quotas: Quotas
    plan: Plan
    waiting: dict[int, Known] = field(default_factory=dict)
    notes: dict[int, Why | Limit] = field(default_factory=dict)
    wanting: list[Known] = field(default_factory=list)
    newcomers: list[Ending] = field(default_factory=list)
    near: dict[int, dict[int, int]] = field(default_factory=dict)
    head: Known | None = None
    shadow: Shadow | None = None
    spare_seconds: float = -1.0
    no_start: tuple[Refusals, Refusals] = field(default_factory=lambda: (Refusals(), Refusals()))
    no_room: tuple[Refusals, Refusals] = field(default_factory=lambda: (Refusals(), Refusals()))

    @classmethod
    def begin(  # noqa: PLR0913, PLR0917 - the parts of a pass, put together in one place
        cls,
        snapshot: Snapshot,
        register: Register,
        placement: Placement,
        ordered: Sequence[Known],
        opportunistic: Sequence[Known],
        plan: Plan,
        memory: Memory,
    ) -> "Pass":
        """Begin a pass over executions in policy order."""
        room = Room(register)
        candidates = Candidates(room, Chooser(placement, plan.complaints.append), memory)
        quotas = Quotas(snapshot.quotas, register.tallies)
        return cls(snapshot, register, room, candidates, Victims(room, ordered, opportunistic), quotas, plan)

    def possible(self, gang: Gang) -> bool:
        """Tell whether a gang fits on the nodes when they are empty."""
        found = self.register.possible.get(gang)
        if found is None:
            nodes = fit(gang, self.register.totals, self.room.with_labels, self.room.nodes)
            found = self.register.possible[gang] = nodes is not None
        return found

    def refused(self, refusals: tuple[Refusals, Refusals], gang: Gang, *, capped: bool) -> bool:
        """Tell whether a gang is refused; what is refused without the cap is so with it."""
        return refusals[0].covers(gang) or (capped and refusals[1].covers(gang))

    def has_room(self, shape: Shape) -> bool:
        """Tell whether any node has room for a part now; if none has, none will have in this pass."""
        if self.no_start[0].covers_shape(shape):
            return False
        if self.candidates.look(shape, capped=False).nodes:
            return True
        self.no_start[0].add_shape(shape)
        return False

    def place(
        self, parts: Sequence[Part], shape: Shape, near: dict[int, int], *, firm: bool, capped: bool
    ) -> list[tuple[Part, int]]:
        """Give room to parts of one execution and one shape, as many as find some; count them in `near`."""
        if self.no_start[0].covers_shape(shape) or (capped and self.no_start[1].covers_shape(shape)):
            return []
        placed: list[tuple[Part, int]] = []
        pick, start, need = Picking(self.candidates, shape, near, capped=capped).node, self.room.start, shape.need
        for part in parts:
            node = pick(part)
            if node is None:
                break
            start(node, need, firm=firm, capped=capped)
            near[node] = near.get(node, 0) + 1
            placed.append((part, node))
        return placed

    def start(self, known: Known, placed: Sequence[tuple[Part, int]]) -> None:
        """Write down that parts start; their room is already taken."""
        nodes = self.room.nodes
        if known.app.together:
            placed = [(one, node) for part, node in placed for one in members(known.app, part)]
        self.plan.starts += [Start(known.app.id, part.id, nodes[node].name) for part, node in placed]

    def enter(self, known: Known, held: Sequence[Held]) -> None:
        """Count an execution whose core got room for good."""
        started = self.snapshot.now if known.app.started is None else known.app.started
        self.newcomers.append((end_of(known.app, started), held))
        self.quotas.give(known)

    def stop(self, victims: Sequence[Victim], reason: str) -> None:
        """Write down that parts are taken back; their room is already counted."""
        for victim in victims:
            known = victim.known
            whole = known.app.opportunistic
            self.plan.stops += [Stop(known.app.id, it.part.id, reason, requeue=whole) for it in victim.held]
            if not whole:
                self.quotas.take_back(known.app.owner, victim.held[0].need)

    def beside(self, known: Known) -> dict[int, int]:
        """Return how many parts of an execution are on each node."""
        found = self.near.get(known.app.id)
        if found is None:
            found = {}
            for held in (known.firm, known.loose):
                for it in held:
                    found[it.node] = found.get(it.node, 0) + 1
        return found
