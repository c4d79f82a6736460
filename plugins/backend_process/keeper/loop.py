"""The event loop: descriptors that become ready, timers, signals. A step that fails is logged; the loop goes on."""

import heapq
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from .notes import note_failure

Step = Callable[[], None]


@dataclass(order=True, slots=True)
class Timer:
    """Something to do at `due` (seconds of the monotonic clock), unless cancelled."""

    due: float
    number: int
    step: Step = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Do not do it."""
        self.cancelled = True


class Loop:
    """One thread waits here for everything that may happen."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[Timer] = []
        self._count = 0
        self._signals: dict[int, Step] = {}
        self._woken, writing = socket.socketpair()
        self._writing = writing
        self._woken.settimeout(0)
        writing.settimeout(0)
        signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        self.on_readable(self._woken.fileno(), self._run_signals)

    def on_readable(self, descriptor: int, step: Step) -> None:
        """Call `step` whenever there is something to read."""
        self._selector.register(descriptor, selectors.EVENT_READ, step)

    def on_writable(self, descriptor: int, read: Step, write: Step | None) -> None:
        """Call `write` when there is room, `read` as before; with None only `read`."""
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if write else 0)
        self._selector.modify(descriptor, events, (read, write) if write else read)

    def forget(self, descriptor: int) -> None:
        """Look at this descriptor no more; before it is closed."""
        self._selector.unregister(descriptor)

    def after(self, seconds: float, step: Step) -> Timer:
        """Call `step` once, in so many seconds."""
        self._count += 1
        timer = Timer(time.monotonic() + seconds, self._count, step)
        heapq.heappush(self._timers, timer)
        return timer

    def on_signal(self, number: int, step: Step) -> None:
        """Call `step` when this signal has come, however often."""
        self._signals[number] = step
        signal.signal(number, lambda *_: None)

    def run(self, until: Callable[[], bool]) -> None:
        """Go round until `until` says that it is enough."""
        while not until():
            for key, events in self._selector.select(self._wait()):
                for step in _steps(key.data, events):
                    _try(step)
            while self._timers and (self._timers[0].cancelled or self._timers[0].due <= time.monotonic()):
                timer = heapq.heappop(self._timers)
                if not timer.cancelled:
                    _try(timer.step)

    def _wait(self) -> float | None:
        while self._timers and self._timers[0].cancelled:
            heapq.heappop(self._timers)
        return max(0.0, self._timers[0].due - time.monotonic()) if self._timers else None

    def _run_signals(self) -> None:
        for number in set(os.read(self._woken.fileno(), 4096)):
            if number in self._signals:
                self._signals[number]()


def _steps(step: Step | tuple[Step, Step], events: int) -> list[Step]:
    if not isinstance(step, tuple):
        return [step]
    read, write = step
    return [write] * bool(events & selectors.EVENT_WRITE) + [read] * bool(events & selectors.EVENT_READ)


def _try(step: Step) -> None:
    """One service's trouble must not end the parent of all the others."""
    try:
        step()
    except Exception:  # noqa: BLE001 - see above
        note_failure()
