"""Backend calls on a bounded pool, never in the loop. What became of each goes to the inbox, and the bell rings."""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future as Pending
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial

from zoe.errors import BackendBusyError, BackendRefusedError
from zoe.logs import LogArchive
from zoe.master.entries import ExecutionEntry, ServiceEntry
from zoe.master.keeping import LogKeeper
from zoe.master.specs import SpecMaker
from zoe.plugin import Backend, Handle, NodeReport, ServiceReport, ServiceSpec, Usage
from zoe.state.lifecycle import Status

log = logging.getLogger(__name__)
_ENDS_FOR_A_START = 4
_MOST_GRACE = 10.0
"""What an opportunistic service has at most between SIGTERM and SIGKILL, seconds."""


@dataclass(frozen=True, slots=True)
class Started:
    """A service runs, or has run."""

    service: int
    report: ServiceReport


@dataclass(frozen=True, slots=True)
class Refused:
    """The backend will not start a service."""

    service: int
    words: str


@dataclass(frozen=True, slots=True)
class NoRoom:
    """The backend cannot start a service now."""

    service: int
    words: str


@dataclass(frozen=True, slots=True)
class NotAnswered:
    """A call about a service came to nothing."""

    service: int
    words: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing of a service is left."""

    service: int


@dataclass(frozen=True, slots=True)
class Listed:
    """All that the backend has, as asked for at `asked_at` (seconds since the epoch)."""

    asked_at: float
    nodes: Sequence[NodeReport]
    reports: Sequence[ServiceReport]
    used: Usage


@dataclass(frozen=True, slots=True)
class NotListed:
    """The backend does not answer."""

    words: str


Outcome = Started | Refused | NoRoom | NotAnswered | Ended | Listed | NotListed | ServiceReport


@dataclass(slots=True)
class BackendCalls:
    """Makes the calls. `ring` wakes the master; `grace` (seconds) is what a service has between SIGTERM and SIGKILL.

    `warn` is called with ZApp type, name, group and handle of a service that is stopped though its execution goes on.
    """

    backend: Backend
    specs: SpecMaker
    archive: LogArchive
    grace: float
    ring: Callable[[], None]
    width: int
    warn: Callable[[str | None, str, str, Handle], None] = lambda *_: None
    inbox: deque[Outcome] = field(default_factory=deque)
    _starts: ThreadPoolExecutor = field(init=False)
    _ends: ThreadPoolExecutor = field(init=False)
    _keeper: LogKeeper = field(init=False)
    _pending: set[Pending[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        # An end may take the whole grace: it never stands in the way of a start, and seldom of another end.
        self._starts = ThreadPoolExecutor(self.width, thread_name_prefix="backend-start")
        self._ends = ThreadPoolExecutor(_ENDS_FOR_A_START * self.width, thread_name_prefix="backend-end")
        self._keeper = LogKeeper(self.archive, self.backend)

    def tell(self, outcome: Outcome) -> None:
        """Put something into the inbox and wake the master; from any thread."""
        self.inbox.append(outcome)
        self.ring()

    def start(self, execution: ExecutionEntry, service: ServiceEntry) -> None:
        """Start a service on the node that was chosen for it."""
        spec, node = self.specs.make(execution, service), service.node or ""
        self._submit(self._starts, lambda: self.tell(self._start(spec, node)))

    def end(self, execution: ExecutionEntry, service: ServiceEntry) -> None:
        """Stop a service, keep its log, and have the backend forget it."""
        handle, run, id_ = service.handle, service.restart_count, service.row.id
        if handle is None:
            # Never started, as far as anybody knows; if it was, its next start finds it, or a later sweep does.
            self.tell(Ended(id_))
        else:
            farewell = self._farewell(execution, service, handle)
            self._submit(self._ends, lambda: self.tell(self._end(execution.id, id_, run, handle, farewell)))

    def sweep(self, report: ServiceReport) -> None:
        """Clear away something that no execution knows of."""
        self._submit(self._ends, lambda: self._sweep(report.handle))

    def look(self) -> None:
        """Ask for everything that the backend has."""
        self._submit(self._ends, self._look)

    def drain(self) -> None:
        """Wait until no call is under way."""
        wait(set(self._pending))

    def close(self) -> None:
        """Begin no more calls; those under way are left to themselves, the next start finds what they did."""
        self._starts.shutdown(wait=False, cancel_futures=True)
        self._ends.shutdown(wait=False, cancel_futures=True)

    def _submit(self, pool: ThreadPoolExecutor, call: Callable[[], None]) -> None:
        pending = pool.submit(_logged, call)
        self._pending.add(pending)
        pending.add_done_callback(self._pending.discard)

    def _start(self, spec: ServiceSpec, node: str) -> Outcome:
        id_ = spec.who.id
        try:
            return Started(id_, self.backend.start(spec, node))
        except BackendRefusedError as error:
            return Refused(id_, str(error))
        except BackendBusyError as error:
            return NoRoom(id_, str(error))
        except Exception as error:
            log.exception("service %d was not started", id_)
            return NotAnswered(id_, _words(error))

    def _farewell(self, execution: ExecutionEntry, service: ServiceEntry, handle: Handle) -> "_Farewell":
        # Somebody waits for the room of what is opportunistic.
        grace = min(self.grace, _MOST_GRACE) if execution.row.opportunistic else self.grace
        goes_on = execution.outcome == Status.QUEUED and not service.dead
        row = service.row
        warn = partial(self.warn, execution.row.zapp_type, row.name, row.group, handle) if goes_on else None
        return _Farewell(grace, warn)

    def _end(self, execution: int, service: int, run: int, handle: Handle, farewell: "_Farewell") -> Outcome:
        try:
            if farewell.warn is not None:
                farewell.warn()
            self.backend.stop(handle, farewell.grace)
            self._keeper.keep(execution, service, run, handle)
            self.backend.remove(handle)
        except Exception as error:
            log.exception("service %d was not cleared away", service)
            return NotAnswered(service, _words(error))
        return Ended(service)

    def _sweep(self, handle: Handle) -> None:
        log.warning("cleared away a service that belongs to no execution: %s", handle)
        self.backend.stop(handle, self.grace)
        self.backend.remove(handle)

    def _look(self) -> None:
        try:
            self.tell(self._listing(time.time()))
        except Exception as error:
            log.exception("the backend does not answer")
            self.tell(NotListed(_words(error)))

    def _listing(self, asked_at: float) -> Listed:
        reports = list(self.backend.services())
        used = self.backend.usage([report.handle for report in reports])
        cores = sum(usage.cores for usage in used.values())
        memory = sum(usage.memory for usage in used.values())
        return Listed(asked_at, self.backend.nodes(), reports, Usage(cores, memory))


@dataclass(frozen=True, slots=True)
class _Farewell:
    """How a service is stopped: seconds between SIGTERM and SIGKILL, and what comes before."""

    grace: float
    warn: Callable[[], None] | None


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _logged(call: Callable[[], None]) -> None:
    try:
        call()
    except Exception:
        log.exception("a backend call failed")
