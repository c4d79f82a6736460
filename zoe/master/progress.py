"""How far running executions are: asks their ZApp types now and then, on a pool of its own."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field

from zoe.errors import ZoeError
from zoe.master.entries import ExecutionEntry
from zoe.master.running import Reach
from zoe.plugin import Progress, RunningService, ZAppType
from zoe.state.lifecycle import Status

log = logging.getLogger(__name__)
_THREADS = 4


@dataclass(slots=True)
class ProgressWatch:
    """Looks after executions whose ZApp type can tell how far they are; `interval` in seconds.

    The looks have threads of their own: a slow page of an application never delays a backend call.
    """

    zapp_types: Mapping[str, ZAppType]
    reach: Reach
    interval: float
    found: dict[int, Mapping[str, object]] = field(default_factory=dict)
    _looking: set[int] = field(default_factory=set)
    _next: dict[int, float] = field(default_factory=dict)
    _last: dict[int, Progress] = field(default_factory=dict)
    _pool: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_THREADS, thread_name_prefix="progress")
    )

    def watches(self, execution: ExecutionEntry) -> bool:
        """Tell whether anything can be known of this execution."""
        zapp_type = self.zapp_types.get(execution.row.zapp_type or "")
        tells = zapp_type is not None and type(zapp_type).progress is not ZAppType.progress
        return tells and execution.status == Status.RUNNING

    def look(self, executions: Iterable[ExecutionEntry], now: float) -> float | None:
        """Look at those whose turn it is; return when the next one is due: nobody is while it is being looked at."""
        watched = [one for one in executions if one.id not in self._looking and self.watches(one)]
        for execution in watched:
            if self._next.get(execution.id, 0) <= now:
                self._next[execution.id] = now + self.interval
                self._looking.add(execution.id)
                self._pool.submit(
                    self._ask, execution.id, execution.row.zapp_type or "", self.reach.services(execution)
                )
        return min((self._next[execution.id] for execution in watched), default=None)

    def take(self) -> dict[int, Mapping[str, object]]:
        """Return what is new since the last time."""
        taken = {}
        while self.found:
            id_, progress = self.found.popitem()
            taken[id_] = progress
        return taken

    def forget(self, execution: int) -> None:
        """Stop watching."""
        self._next.pop(execution, None)
        self._last.pop(execution, None)

    def close(self) -> None:
        """Begin no more looks."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ask(self, id_: int, name: str, services: Sequence[RunningService]) -> None:
        try:
            progress = self.zapp_types[name].progress(services)
            if progress is not None and progress != self._last.get(id_):
                self._last[id_] = progress
                self.found[id_] = asdict(progress)
        except (ZoeError, OSError, ValueError, LookupError):
            log.debug("no progress of execution %d", id_, exc_info=True)
        except Exception:
            log.exception("ZApp type %s could not tell the progress of execution %d", name, id_)
        finally:
            self._looking.discard(id_)
