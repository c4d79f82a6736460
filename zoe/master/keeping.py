"""Logs of services that have ended are kept before the backend forgets them, as long as there is hope of it."""

import logging
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from zoe.errors import BackendUnavailableError
from zoe.logs import LogArchive
from zoe.plugin import Backend, Handle

log = logging.getLogger(__name__)
_PATIENCE = 60.0
"""Seconds. A Swarm may refuse a node's logs for good after its network was interrupted, though all else works; and what
an execution holds is free only when its services are cleared away."""


class LogKeeper:
    """Keeps logs; from any thread, for one run of a service one call at a time."""

    def __init__(self, archive: LogArchive, backend: Backend) -> None:
        self._archive, self._backend = archive, backend
        self._missed: dict[tuple[int, int], float] = {}

    def keep(self, execution: int, service: int, run: int, handle: Handle) -> None:
        """Keep the log of a run that has ended; where it cannot be had for long, a line that says so.

        Raises:
            BackendUnavailableError: it cannot be had now; it is to be tried again.

        """
        which = service, run
        try:
            self._store(execution, service, run, self._backend.logs(handle, False))  # noqa: FBT003 - the contract's
        except BackendUnavailableError as error:
            if run not in self._archive.runs(execution, service):  # if it is, its removal alone had failed
                if time.monotonic() - self._missed.setdefault(which, time.monotonic()) < _PATIENCE:
                    raise
                log.warning("the log of service %d is given up: %s", service, error)
                now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
                self._store(execution, service, run, [f"{now} [Zoe: this log is lost: {error}]\n".encode()])
        self._missed.pop(which, None)

    def _store(self, execution: int, service: int, run: int, lines: Iterable[bytes]) -> None:
        try:
            self._archive.store(execution, service, run, lines)
        except OSError:
            log.exception("the log of service %d could not be kept", service)
