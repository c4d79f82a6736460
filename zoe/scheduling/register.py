"""What the scheduler knows of a snapshot, counted; kept between passes, so that a pass counts only what changed."""

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple
from weakref import WeakKeyDictionary

from zoe.scheduling.model import NOTHING, Application, Node, Part, Snapshot
from zoe.scheduling.shapes import Catalogue, Gang, Run, hardest_first
from zoe.scheduling.tallies import Tallies
from zoe.scheduling.together import core_of, elastic_of
from zoe.scheduling.vectors import NONE, ZERO, Vector, minus, of

End = tuple[float, float, int]
"""When an execution is expected to end (infinity: nobody knows), when it started, its id: those that started last
come last where nobody knows, so that who starts now never stands between a waiting one and its room."""


_LONGEST_LOG = 10_000


class Held(NamedTuple):
    """A part that holds room on a node (its number)."""

    part: Part
    node: int
    need: Vector


Ending = tuple[End, Sequence[Held]]
"""An execution that will end, and what it gives back then."""


@dataclass(slots=True, eq=False)
class Known:
    """An execution, and what of it matters in a pass.

    `gang`: its core parts without a place, which are `core`, hardest first; None where all have theirs.
    `elastic`: its elastic parts without a place, which are `rest`.
    `firm`: what it holds until it ends. `loose`: what may be taken back.
    """

    app: Application
    gang: Gang | None
    elastic: Sequence[Run]
    firm: tuple[Held, ...] = ()
    loose: tuple[Held, ...] = ()
    leaving: tuple[Held, ...] = ()
    core: Sequence[Part] = ()
    rest: Sequence[Part] = ()
    seen: int = 0

    @property
    def counts(self) -> int:
        """1 if it is one of its owner's running executions, 0 if not."""
        return int(self.app.running or bool(self.firm or self.loose or self.leaving))

    @property
    def end(self) -> End:
        """Return when it is expected to end; see `End`."""
        return end_of(self.app, self.app.submitted if self.app.started is None else self.app.started)


def end_of(app: Application, started: float) -> End:
    """Return when an execution that starts at `started` is expected to end."""
    return (started + app.expected.seconds if app.expected else inf), started, app.id


_NOBODY = Known(Application(0, "", 0.0, 0, ()), None, ())


class Register:
    """Nodes by number, and for each three amounts.

    `free`: what nobody holds. `soon`: that, and what is leaving. `ever`: that, and what may be taken back.
    `changed`: the executions that differ from the last snapshot, by id, as they were; None: all.
    """

    changed: dict[int, Known | None] | None
    given: Sequence[Node]
    nodes: tuple[Node, ...]

    def __init__(self) -> None:
        self.catalogue = Catalogue()
        self.known: dict[int, Known] = {}
        self.opportunistic: set[int] = set()
        self._round = 0
        self._begin(())

    def take_in(self, snapshot: Snapshot) -> None:
        """Count what differs from the last snapshot. Executions that did not change should be the same objects."""
        if snapshot.nodes is not self.given and tuple(snapshot.nodes) != self.nodes:
            self._begin(tuple(snapshot.nodes))
        self.given = snapshot.nodes
        self._round += 1
        known = self.known
        self.changed = {} if known else None
        for app in snapshot.applications:
            one = known.get(app.id)
            if one is None or one.app is not app:
                one = self._replace(one, app)
            one.seen = self._round
        if len(known) != len(snapshot.applications):
            for one in [one for one in known.values() if one.seen != self._round]:
                self._forget(one)

    def _begin(self, nodes: tuple[Node, ...]) -> None:
        self.given = self.nodes = nodes
        self.number = {node.name: number for number, node in enumerate(nodes)}
        self.totals = [of(node.total) if node.open else NONE for node in nodes]
        self.closed = [number for number, node in enumerate(nodes) if not node.open]
        self.free = [of(node.total) for node in nodes]
        self.soon, self.ever = list(self.free), list(self.free)
        self.ends: list[Ending] = []
        self.tallies = Tallies()
        self.known.clear()
        self.opportunistic.clear()
        self.labelled: dict[frozenset[str], list[int]] = {}
        self.possible: WeakKeyDictionary[Gang, bool] = WeakKeyDictionary()
        self._log: list[int] = []
        self._pass_began = 0

    def begin_log(self) -> list[int]:
        """Return the log of nodes whose room changes, for a pass to go on with: what the last one did is undone."""
        if len(self._log) > _LONGEST_LOG:
            self._log = []
        self._log += set(self._log[self._pass_began :])
        self._pass_began = len(self._log)
        return self._log

    def _replace(self, old: Known | None, app: Application) -> Known:
        if old is not None and (old.app.owner, old.app.opportunistic) != (app.owner, app.opportunistic):
            self._forget(old)
            return self._take(None, app)
        if self.changed is not None:
            self.changed[app.id] = old
        return self._take(old, app)

    def _take(self, old: Known | None, app: Application) -> Known:
        new = self.known[app.id] = self._look_at(app)
        if app.opportunistic:
            self.opportunistic.add(app.id)
        self._count(old, new)
        return new

    def _forget(self, old: Known) -> None:
        del self.known[old.app.id]
        if self.changed is not None:
            self.changed[old.app.id] = old
        self.opportunistic.discard(old.app.id)
        self._count(old, None)

    def _look_at(self, app: Application) -> Known:
        core: list[Part] = []
        elastic: list[Part] = []
        firm: list[Held] = []
        loose: list[Held] = []
        leaving: list[Held] = []
        number, reserved, need = self.number, NOTHING, ZERO
        for part in app.parts:
            if part.node is None:
                (core if part.core else elastic).append(part)
                continue
            if part.reserved is not reserved:
                reserved, need = part.reserved, of(part.reserved)
            held = leaving if part.leaving else loose if app.opportunistic or not part.core else firm
            held.append(Held(part, number.get(part.node, -1), need))
        if app.opportunistic and leaving:
            core = elastic = []  # it is on its way back to the queue, whole
        elif app.together:
            core, elastic = core_of(app), elastic_of(app)
        elif core:
            core = hardest_first(core)
        gang = self.catalogue.gang(core) if core else None
        runs = self.catalogue.runs(elastic) if elastic else ()
        return Known(app, gang, runs, tuple(firm), tuple(loose), tuple(leaving), tuple(core), tuple(elastic))

    def _count(self, old: Known | None, new: Known | None) -> None:
        """Count one execution as it is now instead of as it was (None: it was, or is, not there)."""
        if old is None and new is not None and not new.counts:
            return  # it has just come
        before, after = old or _NOBODY, new or _NOBODY
        firm = self._move(before.firm, after.firm, 3)
        loose = self._move(before.loose, after.loose, 2)
        leaving = self._move(before.leaving, after.leaving, 1)
        app = after.app if new else before.app
        if not app.opportunistic:
            self.tallies.count(app.owner, after.counts - before.counts, firm, loose, leaving)
        self._expect(before, after)

    def _expect(self, before: Known, after: Known) -> None:
        """Keep the ends in their order."""
        old = (before.end, before.firm) if before.firm else None
        new = (after.end, after.firm) if after.firm else None
        if old == new:
            return
        if old is not None:
            del self.ends[bisect_left(self.ends, (old[0], ()))]
        if new is not None:
            insort(self.ends, new)

    def _move(self, before: Sequence[Held], after: Sequence[Held], amounts: int) -> Vector:
        """Count what is held now instead of what was; return by how much its sum has grown."""
        if before == after:
            return ZERO
        # Elastic parts come one after the other and go last first: then only the tails differ.
        same = min(len(before), len(after))
        if same and before[:same] != after[:same]:
            same = 0
        lost = self._shift(before[same:], 1, amounts)
        return minus(self._shift(after[same:], -1, amounts), lost)

    def _shift(self, held: Sequence[Held], sign: int, amounts: int) -> Vector:
        """Count what is held out of the first so many of the nodes' amounts, or in again; return its sum."""
        cores = memory = gpus = 0
        free, soon, ever, log = self.free, self.soon, self.ever, self._log.append
        for _, node, (c, m, g) in held:
            cores, memory, gpus = cores + c, memory + m, gpus + g
            if node < 0:
                continue
            log(node)
            # Written out: all that changes between two passes comes through here.
            c, m, g = sign * c, sign * m, sign * g  # noqa: PLW2901 - the change from here on
            have = free[node]
            free[node] = have[0] + c, have[1] + m, have[2] + g
            if amounts > 1:
                have = soon[node]
                soon[node] = have[0] + c, have[1] + m, have[2] + g
            if amounts > 2:
                have = ever[node]
                ever[node] = have[0] + c, have[1] + m, have[2] + g
        return cores, memory, gpus
