"""What backends said, turned into facts on the board."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from zoe.master.entries import ExecutionEntry, ServiceEntry
from zoe.master.ledger import Ledger
from zoe.plugin import ServiceReport, ServiceState, ZAppType
from zoe.state.lifecycle import Note, ServiceStatus, Status

log = logging.getLogger(__name__)
_GONE = frozenset({ServiceState.DEAD, ServiceState.OOM_KILLED, ServiceState.DESTROYED})
_STABLE_AFTER = 60.0
_LOST_PAUSE = 3.0


@dataclass(frozen=True, slots=True)
class Observer:
    """Applies reports. `restart_delay_max`, `patience`: seconds, as configured. `zapp_types` know their exit codes."""

    restart_delay_max: float
    patience: float
    zapp_types: Mapping[str, ZAppType] = field(default_factory=dict)

    def started(self, execution: ExecutionEntry, service: ServiceEntry, report: ServiceReport, ledger: Ledger) -> None:
        """Take up that a service runs."""
        service.busy, service.attempts = False, 0
        service.handle, service.address, service.node = report.handle, report.address, report.node
        service.since = ledger.now
        early, service.early = service.early, None
        if service.status == ServiceStatus.STARTING and execution.status != Status.CLEANING_UP:
            service.status = ServiceStatus.ACTIVE
            service.backend_status = ServiceState.STARTED
        ledger.write_down(execution, service)
        latest = early or report
        if latest.state in _GONE:
            self.died(execution, service, latest, ledger)

    def died(self, execution: ExecutionEntry, service: ServiceEntry, report: ServiceReport, ledger: Ledger) -> None:
        """Take up that a service no longer runs."""
        if service.dead or service.status not in {ServiceStatus.STARTING, ServiceStatus.ACTIVE}:
            return
        if service.busy:
            service.early = report
            return
        service.dead, service.status = True, ServiceStatus.TERMINATING
        service.handle = report.handle
        service.backend_status, service.exit_code = report.state, report.exit_code
        note = self._meaning(execution, service, report) or _epitaph(report)
        service.error_message = note if report.exit_code != 0 else None
        ledger.write_down(execution, service, note)

    def _meaning(self, execution: ExecutionEntry, service: ServiceEntry, report: ServiceReport) -> str | None:
        zapp_type = self.zapp_types.get(execution.row.zapp_type or "")
        if zapp_type is None or report.exit_code is None or report.reason or not service.row.essential:
            return None
        try:
            return zapp_type.ending(report.exit_code)
        except Exception:
            log.exception("ZApp type %s could not tell what exit code %d means", zapp_type.name, report.exit_code)
            return None

    def on_its_way(
        self, execution: ExecutionEntry, service: ServiceEntry, report: ServiceReport, ledger: Ledger
    ) -> None:
        """Take up what the backend tells while it starts a service: how far the download of its image is, say."""
        if report.reason and service.status == ServiceStatus.STARTING:
            ledger.notes.append(Note(execution.id, service.row.name, ledger.now, report.reason))

    def refused(self, execution: ExecutionEntry, service: ServiceEntry, words: str, ledger: Ledger) -> None:
        """Take up that the backend will not start a service."""
        service.busy, service.refused = False, True
        service.error_message = f"could not be started: {words}"
        service.status = ServiceStatus.ERROR
        ledger.write_down(execution, service, service.error_message)

    def no_room(self, execution: ExecutionEntry, service: ServiceEntry, words: str, ledger: Ledger) -> None:
        """Take up that the backend has no room just now: a core service takes its execution back to the queue."""
        service.busy, service.node = False, None
        service.not_before = ledger.now + self._delay(service)
        service.status = ServiceStatus.RUNNABLE
        ledger.write_down(execution, service, f"the backend has no room: {words}")
        if service.row.essential and execution.status in {Status.STARTING, Status.RUNNING}:
            ledger.step(execution, Status.CLEANING_UP, f"the backend has no room: {words}", outcome=Status.QUEUED)

    def not_answered(self, execution: ExecutionEntry, service: ServiceEntry, words: str, ledger: Ledger) -> None:
        """Take up that a call about a service came to nothing: it is made again, later and later."""
        service.busy = False
        service.not_before = ledger.now + self._delay(service)
        ledger.touch(execution)
        if service.attempts == 1:
            service.since = ledger.now
            ledger.write_down(execution, service, f"the backend did not answer, Zoe keeps asking: {words}")
        elif service.status == ServiceStatus.STARTING and ledger.now - service.since > self.patience:
            self.refused(execution, service, f"the backend did not answer for {self.patience:.4g} s: {words}", ledger)

    def ended(self, execution: ExecutionEntry, service: ServiceEntry, ledger: Ledger) -> None:
        """Take up that nothing of a service is left at its backend."""
        service.busy, service.attempts = False, 0
        died, service.handle = service.dead, None
        service.dead = True
        if service.backend_status not in _GONE:
            service.backend_status = ServiceState.DESTROYED
        goes_on = execution.status in {Status.STARTING, Status.RUNNING} and not service.row.essential
        if goes_on and (not died or service.exit_code != 0):
            self._again(service, ledger, died)
        else:
            service.status = ServiceStatus.ERROR if died and service.error_message else ServiceStatus.INACTIVE
        ledger.write_down(execution, service)

    def _again(self, service: ServiceEntry, ledger: Ledger, died: bool) -> None:
        service.status, service.node, service.dead = ServiceStatus.RUNNABLE, None, False
        lost, service.backend_status = service.backend_status == ServiceState.DESTROYED, ServiceState.UNDEFINED
        if died:
            lived = ledger.now - service.since
            service.restart_count = service.restart_count + 1
            service.attempts = 0 if lived > _STABLE_AFTER else service.restart_count - 1
            # What was lost with its node waits until it is known which nodes are left.
            at_once = _LOST_PAUSE if lost else 0.0
            service.not_before = ledger.now + (self._delay(service) if service.attempts else at_once)

    def _delay(self, service: ServiceEntry) -> float:
        service.attempts += 1
        return min(float(2 ** min(service.attempts - 1, 10)), self.restart_delay_max)


def missing(
    services: Mapping[int, tuple[ExecutionEntry, ServiceEntry]], reported: set[int], asked_at: float
) -> list[tuple[ExecutionEntry, ServiceEntry]]:
    """Return the services that should run but were not in a full listing which was asked for at `asked_at`."""
    return [
        (execution, service)
        for id_, (execution, service) in services.items()
        if id_ not in reported
        and not service.busy
        and service.status == ServiceStatus.ACTIVE
        and service.since < asked_at
    ]


def _epitaph(report: ServiceReport) -> str:
    if report.reason:
        return report.reason
    if report.state == ServiceState.OOM_KILLED:
        return "was killed because it used more memory than its limit"
    if report.exit_code is None:
        return "ended, and its exit code is unknown"
    if report.exit_code > 128:
        return f"was ended by signal {report.exit_code - 128}"
    return f"ended with exit code {report.exit_code}"
