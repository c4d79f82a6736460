"""Hearing of changes from the keeper, also across the end of one keeper and the start of the next."""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from backend_process.link import Connection, KeeperLink
from zoe.errors import BackendUnavailableError

Record = dict[str, Any]
_AGAIN = 0.01  # seconds to the next attempt after one that failed; the pause doubles each time
_LONGEST_PAUSE = 2.0  # seconds


class Watch:
    """A thread of its own that calls `changed`; after an interruption for all that changed meanwhile."""

    def __init__(self, keeper: KeeperLink, changed: Callable[[Record], None]) -> None:
        self._keeper = keeper
        self._changed = changed
        self._known: dict[int, Record] | None = None
        self._stopped = threading.Event()
        self._connection = self._begin()
        self._thread = threading.Thread(target=self._run, name="process-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Hear no more."""
        self._stopped.set()
        self._connection.hang_up()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _begin(self) -> Connection:
        connection = self._keeper.connect()
        try:
            listed = {record["id"]: record for record in connection.ask({"do": "watch"}, timeout=None)}
        except BaseException:
            connection.hang_up()
            raise
        before, self._known = self._known, listed
        if before is not None:
            for number, record in listed.items():
                if before.get(number) != record:
                    self._changed(record)
        return connection

    def _run(self) -> None:
        while not self._stopped.is_set():
            with suppress(OSError, ValueError):
                self._listen()
            pause = _AGAIN
            while not self._stopped.is_set() and not self._reconnected():
                self._stopped.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        self._connection.hang_up()

    def _listen(self) -> None:
        while True:
            record = self._connection.hear()["changed"]
            if self._known is not None:
                self._known[record["id"]] = record
            self._changed(record)

    def _reconnected(self) -> bool:
        self._connection.hang_up()
        with suppress(OSError, ValueError, BackendUnavailableError):
            self._connection = self._begin()
            return True
        return False
