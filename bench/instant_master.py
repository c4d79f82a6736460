"""The master's rounds, called by hand over a real database, with a backend without cost: for what a tick costs."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.connection import zapp
from zoe.logs import LogArchive
from zoe.master.calls import BackendCalls
from zoe.master.observe import Observer
from zoe.master.progress import ProgressWatch
from zoe.master.running import Reach
from zoe.master.schedule import Scheduler
from zoe.master.specs import SpecMaker
from zoe.master.tick import Round
from zoe.placements.average import Average
from zoe.plugin import Deployment, NoSettings
from zoe.policies.fifo import Fifo
from zoe.state.accounts import Account, Accounts
from zoe.state.database import Database
from zoe.state.requests import NewService, Submission, submit
from zoe.testing.instant_backend import InstantBackend
from zoe.zapp import instances, read, reserved, size


@dataclass(slots=True)
class InstantMaster:
    """A round, its backend, and who submits."""

    database: Database
    backend: InstantBackend
    round: Round
    account: Account

    def submit(self) -> int:
        """Store what the API would store; return the execution's id."""
        application = read(zapp("run"))
        services = [
            NewService(one.name, one.group, one.core, one.service.startup_order, *reserved(one.service, 0.1, 1 << 20))
            for one in instances(application)
        ]
        document = application.model_dump(mode="json")
        return submit(
            self.database, Submission(self.account, "bench", document, size(application), services, time.time())
        )

    def tick(self) -> float:
        """Tick, then let the calls finish that it made; return the seconds that the tick alone took."""
        now, began = time.time(), time.perf_counter()
        self.round.tick(now)
        seconds = time.perf_counter() - began
        self.round.calls.drain()
        return seconds

    def settle(self) -> list[float]:
        """Tick until nothing is left to hear; return the seconds that each tick took."""
        took = [self.tick()]
        while self.round.calls.inbox:
            took.append(self.tick())
        return took

    def end(self, execution: int) -> None:
        """Let the one service of an execution end well."""
        for service in self.round.board[execution].services:
            self.backend.end(service.row.id, 0)


@contextmanager
def instant_master(database: Database, directory: Path) -> Iterator[InstantMaster]:
    """Lend a master over this database; the admin submits."""
    deployment = Deployment("bench", "bench", directory)
    backend = InstantBackend(NoSettings(), deployment)
    calls = BackendCalls(
        backend, SpecMaker(backend, "bench", directory), LogArchive(directory / "logs"), 10.0, lambda: None, 16
    )
    backend.watch(calls.tell)
    scheduler = Scheduler(Fifo(NoSettings(), deployment), Average(NoSettings(), deployment), backend)
    progress = ProgressWatch({}, Reach(backend), 1.0)
    rounds = Round(database, calls, Observer(60.0, 300.0), scheduler, progress, lambda _: None, 60.0)
    with database.session():
        account = Accounts(database).by_name("admin")
        assert account is not None
        rounds.reload(time.time())
        try:
            yield InstantMaster(database, backend, rounds, account)
        finally:
            calls.close()
            progress.close()
