"""The log of a service, wherever it is: kept by Zoe after the service has ended, at the backend before."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from zoe.errors import NotFoundError
from zoe.logs import LogArchive
from zoe.plugin import Backend, Handle
from zoe.state.database import Database

_TO_START = frozenset({"created", "runnable", "starting"})
_LOOK_AGAIN = 0.3


@dataclass(frozen=True, slots=True)
class ServiceLogs:
    """Reads logs. No database connection is held while a log streams."""

    database: Database
    archive: LogArchive
    backend: Backend

    def __call__(self, service_id: int, follow: bool) -> Iterator[bytes]:
        """Yield whole lines, those of earlier runs of the service first; with `follow` until it ends."""
        self._row(service_id)
        return self._lines(service_id, follow=follow)

    def forget(self, execution: int) -> None:
        """Remove the logs of an execution."""
        self.archive.forget(execution)

    def _row(self, service_id: int) -> tuple[int, Handle | None, int, str]:
        with self.database.session_or_own():
            sql = "SELECT execution_id, handle, restart_count, status FROM service WHERE id = %s"
            found = self.database.rows(sql, [service_id])
        if not found:
            raise NotFoundError(kind="service", name=service_id)
        execution, handle, run, status = found[0]
        return execution, Handle(handle) if handle else None, run, status

    def _lines(self, service: int, *, follow: bool) -> Iterator[bytes]:
        execution, handle, run, status = self._row(service)
        while follow and handle is None and status in _TO_START:
            yield b""  # the moment to see whether anybody still waits
            time.sleep(_LOOK_AGAIN)
            execution, handle, run, status = self._row(service)
        kept = self.archive.runs(execution, service)
        for earlier in kept:
            yield from self.archive.read(execution, service, earlier)
        if handle is None or run in kept:
            return
        live = False
        for line in self.backend.logs(handle, follow):
            live = True
            yield line
        if not live:
            # It may have been put into the archive between the two looks.
            yield from self.archive.read(execution, service, run)
