"""Backfill: keeps idle room busy with executions of Zoe's own, which wait until nobody else does, and leave first."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from zoe.errors import ZoeError
from zoe.master.backfill_filler import Filler, held_by
from zoe.master.backfill_idle import Rooms
from zoe.master.entries import ExecutionEntry
from zoe.master.ledger import Ledger
from zoe.scheduling.model import NOTHING, Node, Resources, Wait
from zoe.scheduling.waits import who_waits_for_room
from zoe.state.backfill import Leaving, enter_given, introduce, owner, submit_sets, tell
from zoe.state.database import Database
from zoe.state.lifecycle import Status

log = logging.getLogger(__name__)
_HOURS_S = 60.0
"""How often the hours are looked at: they are told in minutes."""
_ON = frozenset({Status.STARTING, Status.RUNNING})


@dataclass(slots=True)
class Backfills:
    """All backfills of the master, in the order in which they are served; without any it costs nothing.

    An execution of a backfill takes part in scheduling only while it is released. It is so while nothing else waits for
    room, and the room has been free for as long as its backfill's terms say.
    """

    database: Database
    fillers: Sequence[Filler] = ()
    _owner: int | None = None
    _fresh: bool = True
    _next: float = 0.0
    _stored: bool = False
    _judged: int = 0
    _told: dict[str, str | None] = field(default_factory=dict)

    def begin(self) -> None:
        """Begin anew from the rows, as the master does."""
        self._fresh, self._owner, self._judged = True, None, 0
        introduce(self.database, {filler.name: _shown(filler) for filler in self.fillers})
        self._told = {}
        if self.fillers:
            try:
                self._owner = owner(self.database)
            except ZoeError as error:
                log.error("no backfill: %s", error)  # noqa: TRY400 - the sentence says it all
                for filler in self.fillers:
                    filler.note = str(error)

    def due(self) -> float | None:
        """Return when to look even if nothing has changed (seconds since the epoch); None: never."""
        return self._next if self.fillers else None

    def look(
        self, board: Mapping[int, ExecutionEntry], nodes: Sequence[Node], waits: Mapping[int, Wait], ledger: Ledger
    ) -> bool:
        """Decide who is released, and store what more there is room for; tell whether a pass should follow at once.

        Called after a pass, before its decisions are committed: nothing that is stored here starts in this round.
        """
        self._send_away_strays(board.values() if self._fresh else list(ledger.touched.values()), ledger)
        self._fresh = False
        if not self.fillers:
            return False
        self._judge_all(board, ledger)
        changed = self._fill_all(board, nodes, waits, ledger)
        self._set_next(ledger.now)
        self._tell()
        for execution in changed:
            execution.look(ledger.now)
        return bool(changed)

    def commit(self, board: Mapping[int, ExecutionEntry], ledger: Ledger) -> None:
        """Commit the round; what opportunistic executions were given goes into the books in the same transaction."""
        left: list[Leaving] = []
        for step in ledger.steps:
            execution = board.get(step.execution)
            if step.before == Status.CLEANING_UP and execution is not None and execution.row.opportunistic:
                left.append(Leaving(step.execution, step.after, step.at, execution.stop_reason is not None))
        self._judge_all(board, ledger)
        self._judged = 0
        if not left:
            ledger.commit(self.database)
            return
        with self.database.transaction():
            enter_given(self.database, left)
            ledger.commit(self.database)

    def _send_away_strays(self, executions: Iterable[ExecutionEntry], ledger: Ledger) -> None:
        known = {None, *(filler.name for filler in self.fillers)}
        for execution in executions:
            if execution.row.backfill not in known and execution.stop_reason is None:
                execution.stop_reason = f"backfill {execution.row.backfill} is not in use any more"
                ledger.touch(execution)

    def _fill_all(
        self, board: Mapping[int, ExecutionEntry], nodes: Sequence[Node], waits: Mapping[int, Wait], ledger: Ledger
    ) -> list[ExecutionEntry]:
        held_by_others = held_by([one for one in board.values() if one.row.backfill is None])
        ours = [one for one in board.values() if one.row.backfill is not None]
        without_us = {node.name: node.total - held_by_others.get(node.name, NOTHING) for node in nodes}
        held_by_us = held_by(ours)
        free = {name: room - held_by_us.get(name, NOTHING) for name, room in without_us.items()}
        wanted = _somebody_waits(board, waits)
        changed: list[ExecutionEntry] = []
        for filler in self.fillers:
            filler.mine = [one for one in ours if one.row.backfill == filler.name]
            for execution in filler.mine:
                execution.released = execution.released and execution.status == Status.QUEUED
            settled = filler.idle.look(without_us, ledger.now)
            if not filler.is_open(ledger.now):
                changed += [*_send_home(filler, ledger), *filler.hold()]
            elif wanted:
                changed += filler.hold()
            else:
                changed += self._fill(filler, filler.rooms(nodes, settled, free), free, ledger.now)
        return changed

    def _fill(self, filler: Filler, rooms: Rooms, free: dict[str, Resources], now: float) -> list[ExecutionEntry]:
        before, most = rooms.free, filler.pause.most(now)
        released, all_may = filler.release(rooms, most)
        if most is not None and any(execution.released for execution in released):
            filler.pause.started()
        if all_may and self._owner is not None:
            self._offer(filler, rooms, most, now)
        for name, room in before.items():
            free[name] -= room - rooms.free[name]
        return released

    def _offer(self, filler: Filler, rooms: Rooms, most: int | None, now: float) -> None:
        try:
            wanted = filler.more(rooms, most)
        except Exception as error:  # noqa: BLE001 - a plugin's
            filler.complain(error, now)
            return
        if wanted and self._owner is not None:
            count = sum(number for _, number in wanted)
            log.info("backfill %s: room for %d more", filler.name, count)
            submit_sets(self.database, self._owner, wanted, now)
            self._stored = True

    def _judge_all(self, board: Mapping[int, ExecutionEntry], ledger: Ledger) -> None:
        """Take up how executions end, as soon as that is decided: their room may be free before they are gone."""
        for step in ledger.steps[self._judged :]:
            execution = board.get(step.execution)
            filler = next((one for one in self.fillers if execution and one.name == execution.row.backfill), None)
            if execution is not None and filler is not None and step.after == Status.CLEANING_UP:
                self._judge(filler, execution, step.outcome, ledger)
        self._judged = len(ledger.steps)

    def _judge(self, filler: Filler, execution: ExecutionEntry, outcome: Status | None, ledger: Ledger) -> None:
        if outcome == Status.TERMINATED and execution.stop_reason is None and filler.pause.went_well():
            filler.note = None
        if outcome == Status.ERROR and filler.pause.failed(ledger.now):
            words = (f"{one.row.name} {one.error_message}" for one in execution.services if one.error_message)
            filler.note = f"execution {execution.id} failed: {next(words, 'nobody knows why')}"
            log.warning("backfill %s: %s; pausing for %.0f s", filler.name, filler.note, filler.pause.seconds)

    def _set_next(self, now: float) -> None:
        dues = [due for filler in self.fillers for due in (filler.idle.due(), filler.pause.due())]
        self._next = min([due for due in dues if due is not None and due > now], default=now + _HOURS_S)
        self._next = now if self._stored else min(self._next, now + _HOURS_S)
        self._stored = False

    def _tell(self) -> None:
        for filler in self.fillers:
            if self._told.get(filler.name, "") != filler.note:
                self._told[filler.name] = filler.note
                tell(self.database, filler.name, filler.note, filler.pause.until or None)


def _somebody_waits(board: Mapping[int, ExecutionEntry], waits: Mapping[int, Wait]) -> bool:
    # An execution of ours waits where it was released and could not be placed after all: that is nobody.
    waiting = (board.get(id_) for id_ in who_waits_for_room(waits))
    return any(True for one in waiting if one is not None and one.row.backfill is None)


def _send_home(filler: Filler, ledger: Ledger) -> list[ExecutionEntry]:
    going = [execution for execution in filler.mine if execution.status in _ON]
    for execution in going:
        reason = f"the hours of backfill {filler.name} are over ({filler.terms.hours})"
        ledger.step(execution, Status.CLEANING_UP, reason, outcome=Status.QUEUED)
    return going


def _shown(filler: Filler) -> dict[str, object]:
    terms = filler.terms
    return {"share": terms.share, "hours": terms.hours, "idle_minutes": terms.idle_minutes}
