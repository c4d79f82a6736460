"""A master whose ticks a test calls by hand, over a real database and a backend without cost."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from zoe.logs import LogArchive
from zoe.master.calls import BackendCalls
from zoe.master.observe import Observer
from zoe.master.progress import ProgressWatch
from zoe.master.running import Reach
from zoe.master.schedule import Scheduler
from zoe.master.specs import SpecMaker
from zoe.master.tick import Round
from zoe.placements.average import Average
from zoe.plugin import Deployment, ExecutionChange, NoSettings
from zoe.policies.fifo import Fifo
from zoe.state.database import Database
from zoe.state.models import Execution, Quota, Role, Service, User
from zoe.testing.instant_backend import FullBackend, InstantBackend, RefusingBackend
from zoe.zapp import instances, read, reserved, size


@dataclass
class Stage:
    """The master, its backend, and what was submitted."""

    database: Database
    backend: InstantBackend
    archive: LogArchive
    workspaces: Path
    deployment: Deployment
    user: int
    now: float = field(default_factory=time.time)
    changes: list[ExecutionChange] = field(default_factory=list)
    round: Round = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget all that is in memory, as a crash does."""
        calls = BackendCalls(
            self.backend, SpecMaker(self.backend, "test", self.workspaces), self.archive, 1.0, lambda: None, 4
        )
        self.backend.watch(calls.tell)
        policy, placement = Fifo(NoSettings(), self.deployment), Average(NoSettings(), self.deployment)
        self.round = Round(
            self.database,
            calls,
            Observer(60.0, 300.0),
            Scheduler(policy, placement, self.backend),
            ProgressWatch({}, Reach(self.backend), 1.0),
            self.changes.append,
            60.0,
        )
        self.round.reload(self.now)

    def submit(self, document: dict[str, Any], runtime_limit: float = 0) -> int:
        """Insert what the API would insert."""
        application = read(document)
        row = Execution.create(
            user=self.user,
            name="test",
            description=application.model_dump(mode="json"),
            size=size(application),
            runtime_limit=runtime_limit,
            time_submit=self.now,
        )
        for instance in instances(application):
            cores, memory, gpus = reserved(instance.service, 0.1, 1 << 20)
            Service.create(
                execution=row,
                name=instance.name,
                service_group=instance.group,
                essential=instance.core,
                startup_order=instance.service.startup_order,
                cores=cores,
                memory=memory,
                gpus=gpus,
            )
        return int(row.id)

    def wish_stop(self, execution: int) -> None:
        """Write the wish that the API would write."""
        Execution.update(stop_requested=self.now, stop_reason="stopped by somebody").where(
            Execution.id == execution
        ).execute()

    def tick(self, seconds: float = 0.0) -> None:
        """One round, `seconds` later, with the calls that it made finished."""
        self.now += seconds
        self.round.tick(self.now)
        self.round.calls.drain()

    def settle(self, seconds: float = 0.0) -> None:
        """Tick until nothing moves any more."""
        self.tick(seconds)
        for _ in range(50):
            if not self.round.calls.inbox:
                break
            self.tick()
        self.tick()

    def status(self, execution: int) -> str:
        """Where an execution is, by its row."""
        return str(Execution.get_by_id(execution).status)

    def row(self, execution: int) -> Execution:
        """An execution's row."""
        return Execution.get_by_id(execution)

    def services(self, execution: int) -> dict[str, Service]:
        """The rows of an execution's services, by name."""
        return {row.name: row for row in Service.select().where(Service.execution == execution)}

    def ids(self, execution: int) -> dict[str, int]:
        """The ids of an execution's services, by name."""
        return {name: int(row.id) for name, row in self.services(execution).items()}


Staged = Callable[[type[InstantBackend]], Stage]


@pytest.fixture
def staged(database: Database, tmp_path: Path) -> Iterator[Staged]:
    """Make a stage with a backend of one's choice."""
    stages = []

    def make(backend: type[InstantBackend]) -> Stage:
        role = Role.create(name="some-role")
        quota = Quota.create(name="some-quota")
        user = User.create(username="ada", fs_uid=4711, auth_source="internal", role=role, quota=quota)
        deployment = Deployment("test", "test-id", tmp_path)
        archive = LogArchive(tmp_path / "logs")
        stage = Stage(
            database, backend(NoSettings(), deployment), archive, tmp_path / "workspaces", deployment, int(user.id)
        )
        stages.append(stage)
        return stage

    with database.session():
        yield make
    for stage in stages:
        stage.round.calls.close()
        stage.round.progress.close()


@pytest.fixture
def stage(staged: Staged) -> Stage:
    """A stage with a backend that does what it is told."""
    return staged(InstantBackend)


@pytest.fixture
def refusing(staged: Staged) -> Stage:
    """A stage whose backend refuses the command `refuse`."""
    return staged(RefusingBackend)


@pytest.fixture
def full(staged: Staged) -> Stage:
    """A stage whose backend has no room for the group `crowded`, once."""
    return staged(FullBackend)
