"""A stage whose executions may end for being idle, and the signals that a test gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from pydantic import BaseModel

from tests.integration.master.zapps import app, entry
from zoe.master.idle_signals import Prober
from zoe.master.idle_terms import IdleTerms
from zoe.master.idle_watch import IdleWatch
from zoe.master.running import Reach
from zoe.plugin import Handle, IdleTimes, NodeReport, NoSettings, Resources, RunningService, Usage, ZAppType
from zoe.state.activity import Kind, note_activity
from zoe.state.models import Event, Execution
from zoe.state.models import Idle as IdleTable
from zoe.testing.instant_backend import InstantBackend

if TYPE_CHECKING:
    from tests.integration.master.conftest import Stage

MINUTE = 60.0
LAB = app(entry("the-notebook", monitor=True), entry("the-worker", total_count=3, startup_order=1)) | {
    "will_end": False
}
HALF_AND_TWO_HOURS = IdleTerms(IdleTimes(30, 120), look_seconds=300.0)


class Metered(InstantBackend):
    """Tells the use of processors that a test makes up, and counts how often it is asked."""

    name = "metered"
    broken = False
    blind = False
    gpus_used: float | None = None

    def __init__(self, settings: NoSettings | None = None, deployment: object = None) -> None:
        super().__init__(settings, deployment)  # type: ignore[arg-type]
        self.seconds: dict[str, float] = {}

    def gpu_machine(self) -> NodeReport:
        return NodeReport("node1", Resources(1000, 1 << 42, 8))

    def usage(self, handles: Sequence[Handle]) -> Mapping[Handle, Usage]:
        if self.broken:
            raise OSError("the engine does not answer")
        found = {handle: self.running[handle].who.name for handle in handles if handle in self.running}
        if self.blind:
            return {}
        return {handle: Usage(0.0, 0, self.seconds.get(name, 0.0), self.gpus_used) for handle, name in found.items()}


class Lab(ZAppType):
    """Tells what a test says."""

    name = "lab"
    Parameters: ClassVar[type[BaseModel]] = BaseModel

    def __init__(self) -> None:
        self.says: str | Exception | None = None
        self.asked = 0

    def zapp(self, parameters: BaseModel) -> dict[str, object]:
        return LAB

    def busy(self, services: Sequence[RunningService]) -> str | None:
        self.asked += 1
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


@dataclass
class IdleStage:
    """Puts the watch on a stage and lets time go by, with all questions answered."""

    stage: "Stage"
    terms: IdleTerms = HALF_AND_TWO_HOURS
    lab: Lab = field(default_factory=Lab)
    usage_calls: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        measure = self.stage.backend.usage

        def counted(handles: Sequence[Handle]) -> Mapping[Handle, Usage]:
            self.usage_calls.append(len(handles))
            return measure(handles)

        self._backend = _Counting(self.stage.backend, counted)
        self.watch()

    @property
    def backend(self) -> Metered:
        assert isinstance(self.stage.backend, Metered)
        return self.stage.backend

    def watch(self) -> None:
        """Begin to watch, as a new master does."""
        prober = Prober(self._backend, self.terms.threshold, lambda: None, lambda: self.stage.now)  # type: ignore[arg-type]
        types = {"lab": self.lab}
        self.watcher = IdleWatch(self.stage.database, self.terms, types, Reach(self.stage.backend), prober)
        self.stage.round.idle = self.watcher
        self.watcher.begin(self.stage.round.board)

    def restart(self, away: float = 0.0) -> None:
        """Let Zoe be killed, and start again so many seconds later."""
        self.watcher.close()
        self.stage.now += away
        self.stage.restart()
        self.watch()
        self.stage.settle()

    def start(self, zapp_type: str | None = "lab", **changes: object) -> int:
        execution = self.stage.submit(LAB | changes)
        Execution.update(zapp_type=zapp_type).where(Execution.id == execution).execute()
        self.stage.settle()
        assert self.stage.status(execution) == "running"
        return execution

    def pass_time(self, seconds: float) -> None:
        """Tick as the master does: when something is due."""
        until = self.stage.now + seconds
        while self.stage.now < until:
            due = self.watcher.due() or until
            self.settle(min(until - self.stage.now, max(due - self.stage.now, 0.5)))

    def settle(self, seconds: float = 0.0) -> None:
        """Tick, have all questions answered, and tick again."""
        self.stage.settle(seconds)
        self.watcher.prober._one.submit(lambda: None).result(60)
        self.stage.settle()

    def note(self, execution: int, kind: Kind = "traffic") -> None:
        note_activity(self.stage.database, {execution: self.stage.now}, kind)

    def workers(self, execution: int) -> int:
        """How many elastic services run."""
        return sum(not row.essential and row.status == "active" for row in self.stage.services(execution).values())

    def told(self, execution: int) -> list[str]:
        """What its owner is told of idleness."""
        rows = Event.select().where(Event.execution == execution).order_by(Event.id)
        return [row.reason for row in rows if row.reason and row.service is None]

    def shown(self, execution: int) -> dict[str, object] | None:
        row = IdleTable.get_or_none(IdleTable.execution == execution)
        return None if row is None else row.shown


@dataclass
class _Counting:
    """The backend, with another way to measure."""

    backend: InstantBackend
    usage: object
