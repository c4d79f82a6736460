"""One backfill: which of its executions may go on, and how many more there is room for."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zoe.errors import ZoeError
from zoe.master.backfill_idle import IdleWatch, Rooms, Want, least
from zoe.master.backfill_pause import Pause
from zoe.master.entries import ExecutionEntry
from zoe.plugin import Backfill, BackfillSettings, IdleWork
from zoe.scheduling.model import NOTHING, Node, Resources
from zoe.state.backfill import IdleExecution
from zoe.state.lifecycle import Status
from zoe.state.requests import NewService
from zoe.zapp import instances, read, reserved, size

log = logging.getLogger(__name__)
MOST_AT_ONCE = 500
"""So many executions are stored in one go; the next follow when these are taken up."""


@dataclass(slots=True)
class Filler:
    """Fills idle room with what one plugin offers; `terms` say when and how much.

    `defaults`: cores and bytes that a service reserves which does not say.
    """

    plugin: Backfill
    terms: BackfillSettings
    defaults: tuple[float, int]
    idle: IdleWatch = field(init=False)
    pause: Pause = field(default_factory=Pause)
    note: str | None = None
    mine: list[ExecutionEntry] = field(default_factory=list)
    _made: tuple[IdleWork, IdleExecution, list[Want]] | None = None

    def __post_init__(self) -> None:
        self.idle = IdleWatch(self.terms.idle_minutes * 60)

    @property
    def name(self) -> str:
        """The plugin's name."""
        return self.plugin.name

    def is_open(self, now: float) -> bool:
        """Tell whether these are its hours."""
        local = time.localtime(now)
        return self.terms.open_at(local.tm_hour * 60 + local.tm_min)

    def rooms(self, nodes: Sequence[Node], settled: Mapping[str, Resources], free: Mapping[str, Resources]) -> Rooms:
        """Return the room that it may take now, within its share of the cluster."""
        held = held_by(self.mine)
        taken = sum(held.values(), NOTHING)
        total = sum((node.total for node in nodes), NOTHING)
        share = Resources(total.cores * self.terms.share, int(total.memory * self.terms.share))
        rooms = {
            node.name: least(settled[node.name] - held.get(node.name, NOTHING), free[node.name])
            for node in nodes
            if node.open
        }
        return Rooms(rooms, {node.name: node.labels for node in nodes}, share - taken)

    def release(self, rooms: Rooms, most: int | None) -> tuple[list[ExecutionEntry], bool]:
        """Let those that wait take part again, the oldest first, as far as there is room.

        Returns those that may now and might not before, and whether all that wait may.
        """
        released, everybody, count = [], True, 0
        for execution in sorted(self._waiting(), key=lambda one: one.id):
            before = execution.released
            execution.released = (most is None or count < most) and rooms.let_in(_wants(execution))
            count += execution.released
            everybody = everybody and execution.released
            if execution.released != before:
                released.append(execution)
        return released, everybody and (most is None or count < most)

    def hold(self) -> list[ExecutionEntry]:
        """Let none take part; return those that might before."""
        held = [execution for execution in self._waiting() if execution.released]
        for execution in held:
            execution.released = False
        return held

    def more(self, rooms: Rooms, most: int | None) -> list[tuple[IdleExecution, int]]:
        """Ask the plugin what to run in the room that is left.

        Raises:
            Exception: whatever the plugin raises; ZAppInvalidError for a document that is none.

        """
        wanted: list[tuple[IdleExecution, int]] = []
        for _ in range(MOST_AT_ONCE if most is None else most):
            work = self.plugin.work()
            if work is None:
                break
            new, wants = self._make(work)
            if not wants or not rooms.let_in(wants):
                break
            if wanted and wanted[-1][0] is new:
                wanted[-1] = new, wanted[-1][1] + 1
            else:
                wanted.append((new, 1))
        return wanted

    def _make(self, work: IdleWork) -> tuple[IdleExecution, list[Want]]:
        if self._made is None or self._made[0] is not work:
            document = read(work.document)
            cores, memory = self.defaults
            needs = {entry.name: reserved(entry, cores, memory) for entry in document.services}
            services = [
                NewService(one.name, one.group, one.core, one.service.startup_order, *needs[one.group])
                for one in instances(document)
            ]
            labels = {entry.name: frozenset(entry.labels or ()) for entry in document.services}
            wants = [
                Want(Resources(one.cores, one.memory, one.gpus), labels[one.group]) for one in services if one.core
            ]
            new = IdleExecution(
                self.name, work.name, document.model_dump(mode="json"), size(document), services,
                work.zapp_type, work.parameters, work.secrets,
            )  # fmt: skip
            self._made = work, new, wants
        return self._made[1], self._made[2]

    def _waiting(self) -> list[ExecutionEntry]:
        return [one for one in self.mine if one.status == Status.QUEUED and one.stop_reason is None]

    def complain(self, error: Exception, now: float) -> None:
        """Take up that the plugin failed."""
        words = str(error) if isinstance(error, ZoeError) else f"{type(error).__name__}: {error}"
        if self.pause.failed(now):
            self.note = f"it could not tell what to run ({words}); it is asked again in {self.pause.seconds:.0f} s"
            log.error("backfill %s: %s", self.name, self.note, exc_info=not isinstance(error, ZoeError))


def held_by(executions: Sequence[ExecutionEntry]) -> dict[str, Resources]:
    """Return what these hold, by node."""
    held: dict[str, Resources] = {}
    for execution in executions:
        for service in execution.services:
            if service.holds and service.node is not None:
                amount = Resources(service.row.cores, service.row.memory, service.row.gpus)
                held[service.node] = held.get(service.node, NOTHING) + amount
    return held


def _wants(execution: ExecutionEntry) -> list[Want]:
    return [
        Want(
            Resources(service.row.cores, service.row.memory, service.row.gpus),
            frozenset(service.instance.service.labels or ()),
        )
        for service in execution.core()
    ]
