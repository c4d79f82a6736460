"""Ends a scheduling pass that a plugin's policy or placement never comes back from."""

import ctypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from zoe.scheduling.guard import TakesTooLongError

_raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
_TOO_LONG = ctypes.py_object(TakesTooLongError)


@dataclass(slots=True)
class Watchdog:
    """Raises `TakesTooLongError` in a thread that stays longer than `limit` seconds in `watching`, again and again.

    Python delivers it between two steps of Python code: what hangs inside one call of a C library is not reached.
    """

    limit: float
    _deadline: float | None = None
    _thread: int = 0
    _asleep: bool = True
    _struck: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _wake: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch the calling thread until the end of the block; one thread at a time."""
        self._thread, self._deadline = threading.get_ident(), time.monotonic() + self.limit
        if self._asleep:
            self._wake.set()
        try:
            yield
        finally:
            try:
                self._let_go()
            except TakesTooLongError:  # it struck just before; the next time is `limit` seconds away
                self._let_go()

    def _let_go(self) -> None:
        with self._lock:
            self._deadline = None
        if self._struck:
            self._take_delivery()

    def _take_delivery(self) -> None:
        """Have nothing on its way any more; whether what was sent has arrived, nobody can tell.

        To send None in its place would leave Python looking for it at every step, for good, and tracing never ends
        then (CPython 3.11). What is sent now takes the place of what has not arrived, and arrives in the loop.
        """
        with suppress(TakesTooLongError):
            _raise_in(ctypes.c_ulong(self._thread), _TOO_LONG)
            while True:
                pass
        self._struck = False

    def _watch(self) -> None:
        while True:
            self._asleep = True
            if self._deadline is None:
                self._wake.wait()
            self._asleep = False
            self._wake.clear()
            # One sleep serves all the passes that begin and end meanwhile.
            while (deadline := self._deadline) is not None:
                time.sleep(max(0.0, deadline - time.monotonic()))
                self._strike()

    def _strike(self) -> None:
        with self._lock:
            if self._deadline is not None and self._deadline <= time.monotonic():
                self._deadline = time.monotonic() + self.limit
                self._struck = True
                _raise_in(ctypes.c_ulong(self._thread), _TOO_LONG)
