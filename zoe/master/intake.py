"""From rows to the board: what was submitted, and at a start all that has not ended."""

import logging
from collections.abc import Iterator

from zoe.errors import ZAppInvalidError
from zoe.master.entries import ExecutionEntry, entry
from zoe.master.ledger import Ledger
from zoe.state.active import ActiveExecution, Rows, abandon_services, submitted, unfinished
from zoe.state.database import Database
from zoe.state.lifecycle import ServiceStatus, Status, Step
from zoe.zapp import restore

log = logging.getLogger(__name__)
BATCH = 500


def take_submitted(database: Database, ledger: Ledger) -> Iterator[ExecutionEntry]:
    """Yield what was submitted, oldest first, as it stands in the queue from now on."""
    for execution in _entries(database, submitted(database, BATCH), ledger):
        for service in execution.services:
            service.status = ServiceStatus.RUNNABLE
            ledger.write_down(execution, service)
        ledger.step(execution, Status.QUEUED)
        yield execution


def take_unfinished(database: Database, ledger: Ledger) -> Iterator[ExecutionEntry]:
    """Yield all that was taken up before and has not ended: a restart goes on from here."""
    for execution in _entries(database, unfinished(database), ledger):
        ledger.touch(execution)
        yield execution


def _entries(database: Database, rows: Rows, ledger: Ledger) -> Iterator[ExecutionEntry]:
    for row, services in rows:
        try:
            yield entry(row, services, restore(row.description))
        except ZAppInvalidError as error:
            _give_up(database, row, str(error), ledger)


def _give_up(database: Database, row: ActiveExecution, words: str, ledger: Ledger) -> None:
    # It was valid when it came in: an older Zoe wrote it. What still runs of it is swept away as nobody's.
    log.error("execution %d cannot be read: %s", row.id, words)
    message = f"its description cannot be read any more: {words}"
    status = Status(row.status)
    if status in {Status.STARTING, Status.RUNNING}:
        ledger.steps.append(Step(row.id, status, Status.CLEANING_UP, ledger.now, message, error_message=message))
        status = Status.CLEANING_UP
    ledger.steps.append(Step(row.id, status, Status.ERROR, ledger.now, message, error_message=message))
    abandon_services(database, row.id)
