"""Speaking with whichever manager answers."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from docker.errors import APIError

from backend_docker.client import Client, connect
from backend_docker.words import SILENCE, reason, said
from backend_swarm.settings import ManagerSettings
from zoe.errors import BackendUnavailableError

Said = dict[str, Any]
Answer = TypeVar("Answer")
_LEFT_OUT = 30.0  # seconds
_NO_LEADER = frozenset({500, 503})


class Managers:
    """The managers of one Swarm; the one that answered last is asked first."""

    def __init__(self, managers: Sequence[ManagerSettings], timeout: float) -> None:
        self._managers = managers
        self._timeout = timeout
        self._clients: dict[int, Client] = {}
        self._silent_until: dict[int, float] = {}
        self._current = 0
        self._lock = threading.Lock()
        self.moved: Callable[[], None] = _nobody
        """Called when another manager than before has answered."""

    def ask(self, call: Callable[[Client], Answer]) -> Answer:
        """Make a call, by way of the first manager that answers.

        Raises:
            APIError: what the Swarm said.
            BackendUnavailableError: no manager answers.

        """
        complaints = []
        first = self._current
        for turn in range(len(self._managers)):
            number = (first + turn) % len(self._managers)
            try:
                found = call(self._client(number))
            except APIError as error:
                if not _leaderless(error):
                    raise
                complaints.append(str(error.explanation))
            except SILENCE as error:
                self._forget(number)
                complaints.append(f"{self._managers[number].url}: {reason(error)}")
            else:
                self._stay_with(number)
                return found
        raise BackendUnavailableError(f"no manager of the Swarm answers: {'; '.join(complaints)}")

    def in_turn(self) -> Iterator[tuple[ManagerSettings, Client]]:
        """Yield each manager that answers, the one that answered last first; a silent one is left out for a while."""
        first = self._current
        for turn in range(len(self._managers)):
            number = (first + turn) % len(self._managers)
            if time.monotonic() < self._silent_until.get(number, 0.0):
                continue
            try:
                client = self._client(number)
                client.ping()
            except SILENCE:
                self._forget(number)
                self._silent_until[number] = time.monotonic() + _LEFT_OUT
            else:
                yield self._managers[number], client

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    def _client(self, number: int) -> Client:
        with self._lock:
            found = self._clients.get(number)
        if found is None:
            found = connect(self._managers[number].engine(), self._timeout)
            with self._lock:
                found = self._clients.setdefault(number, found)
        return found

    def _stay_with(self, number: int) -> None:
        before, self._current = self._current, number
        if before != number:
            self.moved()

    def _forget(self, number: int) -> None:
        with self._lock:
            found = self._clients.pop(number, None)
        if found is not None:
            # Calls of other threads go on: only connections that nobody uses are closed.
            found.close()


def _nobody() -> None:
    """Nobody wants to know."""


def _leaderless(error: APIError) -> bool:
    words = str(error.explanation)
    return error.status_code in _NO_LEADER and ("leader" in words or "not a swarm manager" in words)


@contextmanager
def in_words() -> Iterator[None]:
    """Turn what a Swarm refuses into `BackendUnavailableError`: Zoe asks again later."""
    try:
        yield
    except APIError as error:
        raise BackendUnavailableError(f"the Swarm says: {said(error)}") from error
