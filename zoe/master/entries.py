"""Executions that have not ended, and their services, as the master sees them: copies of rows."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from zoe.plugin import Handle, ServiceId, ServiceReport, ServiceState
from zoe.scheduling.model import Application, Estimate, Part, Resources
from zoe.state.active import ActiveExecution, ActiveService
from zoe.state.lifecycle import ENDED, ServiceRow, ServiceStatus, Status
from zoe.zapp import Instance, ZApp, instances

_HOLDING = frozenset({ServiceStatus.STARTING, ServiceStatus.ACTIVE, ServiceStatus.TERMINATING})


@dataclass(slots=True, eq=False)
class ServiceEntry:
    """One service. `busy`: a backend call about it is under way; `dead`: the backend said that it no longer runs."""

    row: ActiveService
    instance: Instance
    status: ServiceStatus
    backend_status: str
    node: str | None
    handle: Handle | None
    address: str | None
    dns_name: str | None
    exit_code: int | None
    error_message: str | None
    restart_count: int
    busy: bool = False
    dead: bool = False
    refused: bool = False
    early: ServiceReport | None = None
    not_before: float = 0.0
    attempts: int = 0
    since: float = 0.0

    @property
    def who(self) -> ServiceId:
        """Return its identity for the backend."""
        return ServiceId(self.row.id, self.row.execution, self.row.name)

    @property
    def holds(self) -> bool:
        """Tell whether it holds resources of its node."""
        return self.node is not None and self.status in _HOLDING and not self.dead

    @property
    def failed(self) -> bool:
        """Tell whether it ended otherwise than well."""
        return self.refused or (self.dead and self.exit_code != 0)

    def stored(self) -> ServiceRow:
        """Return its row as it is to be written."""
        return ServiceRow(
            self.row.id,
            self.status,
            self.backend_status,
            self.node,
            self.handle,
            self.address,
            self.dns_name,
            self.exit_code,
            self.error_message,
            self.restart_count,
        )

    def part(self) -> Part:
        """Return it as the scheduler sees it."""
        reserved = Resources(self.row.cores, self.row.memory, self.row.gpus)
        labels = frozenset(self.instance.service.labels or ())
        node = self.node if self.holds else None
        image = self.instance.service.image
        leaving = node is not None and self.status == ServiceStatus.TERMINATING
        return Part(self.row.id, self.row.group, reserved, self.row.essential, labels, node, image, leaving)


@dataclass(slots=True, eq=False)
class ExecutionEntry:
    """One execution, with its services in startup order. `released`: see `zoe.master.backfill`.

    `resting`: it is idle, and gets no elastic services until it is used again.
    """

    row: ActiveExecution
    zapp: ZApp
    status: Status
    outcome: Status | None
    services: list[ServiceEntry]
    stop_reason: str | None
    time_start: float | None
    alarm: float = 0.0
    expected: Estimate | None = None
    released: bool = False
    resting: bool = False
    together: bool = False
    seen: Application | None = field(default=None)

    @property
    def id(self) -> int:
        """Return its id."""
        return self.row.id

    @property
    def started(self) -> float | None:
        """Return when its core got its place, unless it waits (seconds since the epoch)."""
        return None if self.status in {Status.SUBMITTED, Status.QUEUED} else self.time_start

    def core(self) -> list[ServiceEntry]:
        """Return the services that it cannot work without."""
        return [service for service in self.services if service.row.essential]

    def look(self, now: float) -> bool:
        """Renew `seen`, how the scheduler sees it (None: not at all); tell whether that has changed.

        Most of what happens to an execution changes nothing there, and then nothing has to be planned.
        """
        before, self.seen = self.seen, self._application(now) if self._takes_part(now) else None
        if before == self.seen:
            self.seen = before  # the same object: the planner then knows it as unchanged
            return False
        return True

    def _takes_part(self, now: float) -> bool:
        if self.status != Status.QUEUED:
            return self.status not in ENDED
        if self.row.backfill is not None and not self.released:
            return False  # nobody has found idle room for it yet
        return self.stop_reason is None and all(service.not_before <= now for service in self.services)

    def _application(self, now: float) -> Application:
        return Application(
            self.id,
            self.row.owner,
            self.row.time_submit,
            self.row.size,
            [service.part() for service in self._schedulable(now)],
            running=self.status != Status.QUEUED,
            priority=self.row.priority,
            opportunistic=self.row.opportunistic,
            started=self.started,
            expected=self.expected,
            together=self.together,
        )

    def _schedulable(self, now: float) -> Iterable[ServiceEntry]:
        # What holds a place counts wherever its execution stands; what wants one does so while its execution goes on.
        wants = self.status in {Status.QUEUED, Status.STARTING, Status.RUNNING}
        for service in self.services:
            wanted = wants and (service.row.essential or not self.resting)
            if service.holds or (wanted and service.status == ServiceStatus.RUNNABLE and service.not_before <= now):
                yield service


def entry(row: ActiveExecution, services: Iterable[ActiveService], zapp: ZApp) -> ExecutionEntry:
    """Make an execution's entry from its rows."""
    by_name = {service.name: service for service in services}
    entries = [_service(by_name[i.name], i) for i in instances(zapp) if i.name in by_name]
    outcome = Status(row.outcome) if row.outcome else None
    stop = (row.stop_reason or "stopped on request") if row.stop_requested is not None else None
    return ExecutionEntry(row, zapp, Status(row.status), outcome, entries, stop, row.time_start)


def _service(row: ActiveService, instance: Instance) -> ServiceEntry:
    return ServiceEntry(
        row,
        instance,
        ServiceStatus(row.status),
        row.backend_status,
        row.node,
        Handle(row.handle) if row.handle else None,
        row.address,
        row.dns_name,
        row.exit_code,
        row.error_message,
        row.restart_count,
        dead=row.backend_status in {ServiceState.DEAD, ServiceState.OOM_KILLED, ServiceState.DESTROYED},
        refused=row.status == ServiceStatus.ERROR and row.handle is None and row.exit_code is None,
    )
