"""The master's thread: wait for a ring or the time, tick, and begin again from the rows after anything went wrong."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from zoe.errors import StateUnavailableError
from zoe.master.ledger import LostTrackError
from zoe.master.tick import Round
from zoe.state.active import try_to_lead
from zoe.state.database import MASTER_LOCK, Database

log = logging.getLogger(__name__)
BACKEND = "backend"
"""The topic of a ring that says: a backend, or a thread that asked it or a service, has an answer."""
ACCOUNTS = "accounts"
"""The topic of a ring that says: somebody's quota is another now."""
EXTENSION = "extension"
"""The topic of a ring that says: somebody wants an execution kept."""
_STAND_BY = 1.0
_TRY_AGAIN = 0.5


class Bell(Protocol):
    """What wakes the master."""

    def wait(self, timeout: float) -> set[str]:
        """Return what was rung since last time, at the latest after `timeout` seconds."""
        ...


@dataclass(slots=True)
class Master:
    """Ticks in a thread of its own, as long as it leads; there is one leader for each database.

    `ticked` hears how long each tick took, in seconds.
    """

    database: Database
    bell: Bell
    ring: Callable[[], None]
    round: Round
    tick_seconds: float
    ticked: Callable[[float], None] = lambda _: None
    leading: threading.Event = field(default_factory=threading.Event)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="master")
        self._thread.start()

    def stop(self) -> None:
        """Finish the tick that is under way, and no more. Running services are left alone."""
        self._stopping.set()
        self.ring()
        if self._thread is not None:
            self._thread.join()
        self.round.calls.close()
        self.round.progress.close()
        if self.round.idle is not None:
            self.round.idle.close()
        if self.round.clearing is not None:
            self.round.clearing.close()

    def _run(self) -> None:
        waiting_said = False
        while not self._stopping.is_set():
            try:
                if not self._lead() and not waiting_said:
                    waiting_said = True
                    log.info("another master leads; standing by")
            except StateUnavailableError as error:
                log.warning("the master waits for the database: %s", error.__cause__ or error)
                self._stopping.wait(_TRY_AGAIN)
            except LostTrackError as error:
                log.warning("beginning again from the rows: %s", error)
            except Exception:
                log.exception("a tick failed; beginning again from the rows")
                self._stopping.wait(_TRY_AGAIN)
            finally:
                self.leading.clear()

    def _lead(self) -> bool:
        """Tick until told to stop; return False at once if somebody else leads."""
        with self.database.session():
            try:
                if not try_to_lead(self.database, MASTER_LOCK):
                    self.bell.wait(_STAND_BY)
                    return False
                self.round.reload(time.time())
                self.leading.set()
                self._tick_on()
                return True
            finally:
                # The lock lives as long as the connection: closing it lets another master lead.
                self.database.discard()

    def _tick_on(self) -> None:
        rung: set[str] = set()
        looked = 0.0
        while not self._stopping.is_set():
            began = time.perf_counter()
            # Backends answer all the time, and that is no reason to look for wishes; but any ring may get lost.
            wishes = rung != {BACKEND} or began - looked >= self.tick_seconds
            looked = began if wishes else looked
            self.round.tick(time.time(), wishes=wishes)
            self.ticked(time.perf_counter() - began)
            rung = self.bell.wait(self._pause())
            if ACCOUNTS in rung:
                self.round.accounts_changed()
            if EXTENSION in rung:
                self.round.somebody_asked_for_time()

    def _pause(self) -> float:
        return max(min(self.tick_seconds, self.round.due() - time.time()), 0.0)
