"""One step of an execution towards what was asked. Pure but for the ledger and the calls that it hands out."""

from dataclasses import dataclass
from typing import Protocol

from zoe.master.entries import ExecutionEntry, ServiceEntry
from zoe.master.ledger import Ledger
from zoe.plugin import ServiceState
from zoe.state.lifecycle import ServiceStatus, Status

_OVER = frozenset({ServiceStatus.INACTIVE, ServiceStatus.ERROR})


class Calls(Protocol):
    """The backend calls that an execution may need. They return at once; what became of them comes back as a report."""

    def start(self, execution: ExecutionEntry, service: ServiceEntry) -> None:
        """Start a service on the node that was chosen for it."""
        ...

    def end(self, execution: ExecutionEntry, service: ServiceEntry) -> None:
        """Stop a service, keep its log, and have the backend forget it."""
        ...


@dataclass(frozen=True, slots=True)
class Ending:
    """Why and how an execution ends."""

    outcome: Status
    reason: str
    exit_code: int | None = None
    error_message: str | None = None


def reconcile(execution: ExecutionEntry, ledger: Ledger, calls: Calls) -> None:
    """Take an execution as far as it can go now."""
    if execution.status in {Status.SUBMITTED, Status.QUEUED} and execution.stop_reason is not None:
        _leave_queue(execution, ledger)
    if execution.status in {Status.STARTING, Status.RUNNING}:
        _go_on(execution, ledger, calls)
    if execution.status == Status.CLEANING_UP:
        _clean_up(execution, ledger, calls)


def _leave_queue(execution: ExecutionEntry, ledger: Ledger) -> None:
    for service in execution.services:
        _set(execution, service, ServiceStatus.INACTIVE, ledger)
    ledger.step(execution, Status.TERMINATED, execution.stop_reason)


def _go_on(execution: ExecutionEntry, ledger: Ledger, calls: Calls) -> None:
    ending = _ending(execution, ledger)
    if ending is not None:
        ledger.step(
            execution,
            Status.CLEANING_UP,
            ending.reason,
            outcome=ending.outcome,
            exit_code=ending.exit_code,
            error_message=ending.error_message,
        )
        return
    if execution.status == Status.STARTING and all(_has_started(service) for service in execution.core()):
        ledger.step(execution, Status.RUNNING)
    _start_next(execution, ledger, calls)
    _bury(execution, ledger, calls)


def _ending(execution: ExecutionEntry, ledger: Ledger) -> Ending | None:
    if execution.stop_reason is not None:
        return Ending(Status.TERMINATED, execution.stop_reason)
    for service in execution.services:
        if (found := _ending_by(service, restart_lost=ledger.restart_lost)) is not None:
            return found
    if _overdue(execution, ledger.now):
        hours = execution.row.runtime_limit / 3600
        return Ending(Status.TERMINATED, f"reached the quota's runtime limit of {hours:.4g} hours")
    return None


def _overdue(execution: ExecutionEntry, now: float) -> bool:
    limit, start = execution.row.runtime_limit, execution.time_start
    return bool(limit) and start is not None and now >= start + limit


def _ending_by(service: ServiceEntry, *, restart_lost: bool) -> Ending | None:
    if service.failed and (service.row.essential or service.instance.service.monitor):
        message = f"{service.row.name} {service.error_message or 'failed'}"
        if restart_lost and service.backend_status == ServiceState.DESTROYED:
            return Ending(Status.QUEUED, message)
        return Ending(Status.ERROR, message, service.exit_code, message)
    if service.dead and service.instance.service.monitor:
        return Ending(Status.TERMINATED, f"{service.row.name} finished", 0)
    return None


def _has_started(service: ServiceEntry) -> bool:
    return service.status == ServiceStatus.ACTIVE or (service.dead and not service.failed)


def _start_next(execution: ExecutionEntry, ledger: Ledger, calls: Calls) -> None:
    """Start what was placed: the core in its startup order, a step when the one before has started; elastic later."""
    waiting = [service for service in execution.core() if not _has_started(service)]
    turn = min((service.row.startup_order for service in waiting), default=None)
    for service in execution.services:
        due = turn is None or service.row.startup_order <= turn
        if due and service.status == ServiceStatus.STARTING and not service.busy and service.not_before <= ledger.now:
            service.busy = True
            ledger.calls.append(lambda service=service: calls.start(execution, service))  # type: ignore[misc]


def _bury(execution: ExecutionEntry, ledger: Ledger, calls: Calls) -> None:
    """Clear away services that ended (or are to be taken back) while their execution goes on."""
    for service in execution.services:
        if service.status == ServiceStatus.TERMINATING and not service.busy and service.not_before <= ledger.now:
            _end(execution, service, ledger, calls)


def _clean_up(execution: ExecutionEntry, ledger: Ledger, calls: Calls) -> None:
    for service in execution.services:
        if service.busy or service.status in _OVER:
            continue
        if service.handle is None:
            _set(execution, service, ServiceStatus.INACTIVE, ledger)
        elif service.not_before <= ledger.now:
            _end(execution, service, ledger, calls)
    if all(service.status in _OVER for service in execution.services):
        _finish(execution, ledger)


def _finish(execution: ExecutionEntry, ledger: Ledger) -> None:
    outcome = execution.outcome or Status.TERMINATED
    if outcome == Status.QUEUED:
        for service in execution.services:
            service.node, service.handle, service.dead, service.refused = None, None, False, False
            service.backend_status = "undefined"
            _set(execution, service, ServiceStatus.RUNNABLE, ledger)
    ledger.step(execution, outcome)
    execution.outcome = None


def _end(execution: ExecutionEntry, service: ServiceEntry, ledger: Ledger, calls: Calls) -> None:
    service.busy = True
    if service.status != ServiceStatus.TERMINATING:
        _set(execution, service, ServiceStatus.TERMINATING, ledger)
    ledger.calls.append(lambda: calls.end(execution, service))


def _set(execution: ExecutionEntry, service: ServiceEntry, status: ServiceStatus, ledger: Ledger) -> None:
    if service.status != status:
        service.status = status
        ledger.write_down(execution, service)
