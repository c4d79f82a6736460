"""What is known of the services of a Swarm: what looks found of them, and who waits for what."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from backend_docker.known import ENDED
from zoe.plugin import Handle, ServiceReport, ServiceState

_REMEMBERED = 4096
_VANISHED = "was removed from the Swarm by somebody other than Zoe"
Wish = Callable[[ServiceReport | None], bool]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look found of one service; `error`: what the Swarm says is in its way."""

    report: ServiceReport
    error: str = ""


class Board:
    """Used by many threads. A service only goes forward: an answer to an older question changes nothing.

    `tell` hears of what has ended, from the thread that took it up; no lock is held meanwhile.
    """

    def __init__(self, tell: Callable[[ServiceReport], None]) -> None:
        self._tell = tell
        self._found: dict[Handle, Finding] = {}
        self._gone: dict[Handle, None] = {}
        self._leaving: set[Handle] = set()
        self._waited_for: Counter[Handle] = Counter()
        self._alive: set[Handle] = set()
        self._watchers: dict[Handle, list[Callable[[], None]]] = {}
        self.changed = threading.Condition()

    def all(self) -> list[ServiceReport]:
        """Return what was last heard of every service."""
        with self.changed:
            return [one.report for one in self._found.values()]

    def alive(self) -> frozenset[Handle]:
        """Return the services that have not ended."""
        with self.changed:
            return frozenset(self._alive)

    def waited_for(self) -> frozenset[Handle]:
        """Return the services that somebody waits for."""
        with self.changed:
            return frozenset(self._waited_for)

    def last(self, handle: Handle) -> ServiceReport | None:
        """Return what was last heard of a service."""
        with self.changed:
            return self._last(handle)

    def error(self, handle: Handle) -> str:
        """Return what the Swarm said is in the way of a service."""
        with self.changed:
            return self._found[handle].error if handle in self._found else ""

    def is_gone(self, handle: Handle) -> bool:
        """Tell whether a service was removed, by whomever."""
        with self.changed:
            return handle in self._gone

    def wait(self, handle: Handle, done: Wish, seconds: float) -> ServiceReport | None:
        """Wait until a service is as wanted or is gone, or the time is over; return what was last heard of it."""
        with self.changed:
            self._waited_for[handle] += 1
            self.changed.notify_all()
            try:
                self.changed.wait_for(lambda: handle in self._gone or done(self._last(handle)), seconds)
            finally:
                self._waited_for[handle] -= 1
                self._waited_for += Counter()  # those that nobody waits for any more go
            return self._last(handle)

    def take(self, found: Iterable[Finding], missed: Collection[Handle] = ()) -> None:
        """Take up what a look found, and what it should have found, for it was known when the look began."""
        news = []
        with self.changed:
            for one in found:
                news += self._put(one)
            for handle in missed:
                news += self._drop(handle)
            self.changed.notify_all()
        self._announce(news)

    def vanished(self, handle: Handle) -> None:
        """Take up that the Swarm told of a service's removal; what Zoe removes itself is no news."""
        with self.changed:
            news = self._drop(handle)
            self.changed.notify_all()
        self._announce(news)

    @contextmanager
    def removing(self, handle: Handle) -> Iterator[None]:
        """Remove a service within: afterwards it is gone for ever, and who waits for it goes on."""
        with self.changed:
            self._leaving.add(handle)
        try:
            yield
        except BaseException:
            with self.changed:
                self._leaving.discard(handle)
            raise
        with self.changed:
            self._leaving.discard(handle)
            self._forget(handle)
            self.changed.notify_all()
        self._wake(handle)

    @contextmanager
    def calling(self, handle: Handle, ended: Callable[[], None]) -> Iterator[None]:
        """Call `ended` when a service ends or goes while the block lasts."""
        with self.changed:
            self._watchers.setdefault(handle, []).append(ended)
        try:
            yield
        finally:
            with self.changed:
                left = self._watchers.get(handle, [])
                left.remove(ended)
                if not left:
                    self._watchers.pop(handle, None)

    def _last(self, handle: Handle) -> ServiceReport | None:
        return self._found[handle].report if handle in self._found else None

    def _put(self, now: Finding) -> list[ServiceReport]:
        handle, before = now.report.handle, self._last(now.report.handle)
        if handle in self._gone or (before is not None and _rank(now.report) < _rank(before)):
            return []
        if before is not None and before.state in ENDED:
            return []
        self._found[handle] = now
        if now.report.state not in ENDED:
            self._alive.add(handle)
            return []
        self._alive.discard(handle)
        return [now.report] if before is not None else []

    def _drop(self, handle: Handle) -> list[ServiceReport]:
        if handle in self._leaving:
            return []
        if handle not in self._found:
            if handle in self._waited_for:  # made by Zoe, and removed before any look
                self._forget(handle)
            return []
        before = self._found[handle].report
        self._forget(handle)
        if before.state in ENDED:
            return []
        return [replace(before, state=ServiceState.DESTROYED, address=None, reason=_VANISHED)]

    def _forget(self, handle: Handle) -> None:
        self._found.pop(handle, None)
        self._alive.discard(handle)
        self._gone[handle] = None
        if len(self._gone) > _REMEMBERED:
            del self._gone[next(iter(self._gone))]

    def _announce(self, news: Iterable[ServiceReport]) -> None:
        for one in news:
            self._wake(one.handle)
            self._tell(one)

    def _wake(self, handle: Handle) -> None:
        with self.changed:
            watchers = list(self._watchers.get(handle, ()))
        for ended in watchers:
            ended()


def _rank(report: ServiceReport) -> int:
    if report.state == ServiceState.CREATED:
        return 0
    return 2 if report.state in ENDED else 1
