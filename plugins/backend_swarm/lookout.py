"""Looking at the tasks of a Swarm, which tells no event of them.

While somebody waits for services: those, often. While something runs: what has been given up, in one call whose answer
is empty as long as nothing has ended. While nothing runs: not at all. What events tell needs no look, or one at once.
"""

import threading
import time
from collections.abc import Collection
from typing import Any

from docker.errors import APIError, NotFound

from backend_docker.networks import DEPLOYMENT_LABEL
from backend_swarm.board import Board
from backend_swarm.managers import Managers, in_words
from backend_swarm.nodes import Nodes, states
from backend_swarm.tasks import findings, handle_of, service_of
from zoe.errors import BackendUnavailableError
from zoe.plugin import Handle, ServiceReport, ServiceState

_QUICKLY = 0.03  # seconds between looks while somebody waits for a service ...
_SHARE = 2  # ... and so many times what a look took, for looks are not to be all that is done
_ONE_BY_ONE = 16  # services that are asked for by name; of more than that all are asked for
_NODES_AGAIN = 15.0  # seconds: should an event be lost
_EXPECTED = 3.0  # seconds that the end of a task may take to come from its node

Said = dict[str, Any]


class Lookout:
    """Looks on a thread of its own; what it finds is on the board."""

    def __init__(self, managers: Managers, nodes: Nodes, board: Board, deployment_id: str, pause: float) -> None:
        self._managers = managers
        self._nodes = nodes
        self._board = board
        self._ours = f"{DEPLOYMENT_LABEL}={deployment_id}"
        self._pause = pause
        self._all_due = True
        self._expected: dict[Handle, float] = {}
        self._next_ends = 0.0
        self._next_nodes = 0.0
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="swarm-tasks", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        with self._board.changed:
            self._stopped = True
            self._board.changed.notify_all()
        self._thread.join(5)

    def ring(self) -> None:
        """Have everything looked at: something was missed, or has happened to a node."""
        with self._board.changed:
            self._all_due = True
            self._board.changed.notify_all()

    def expect_end(self, handle: Handle) -> None:
        """Have a service looked at: its container has ended, and the Swarm will say so any moment."""
        with self._board.changed:
            self._expected[handle] = time.monotonic() + _EXPECTED
            self._board.changed.notify_all()

    def known(self, handle: Handle) -> ServiceReport | None:
        """Return what was last heard of a service; one that another Zoe may have started is asked for."""
        last = self._board.last(handle)
        if (last is None or last.state == ServiceState.CREATED) and not self._board.is_gone(handle):
            with in_words():
                self.look_at([handle])
        return self._board.last(handle)

    def look_at_all(self) -> None:
        """Ask for everything; what is missing of what was known before has been removed."""
        self._look_at_nodes()
        before = self._board.alive()
        wanted = {"label": self._ours}
        services = self._managers.ask(lambda client: client.services(filters=wanted))  # type: ignore[no-untyped-call]
        tasks = self._tasks(wanted)
        there = {handle_of(service["ID"]) for service in services}
        self._board.take(findings(tasks, self._nodes.known(), services), before - there)

    def look_at(self, handles: Collection[Handle]) -> None:
        """Ask for a few services; all at once where they are many."""
        if len(handles) > _ONE_BY_ONE:
            wanted: Said = {"label": self._ours}
        else:
            wanted = {"service": [service_of(handle) for handle in handles]}
        try:
            tasks = self._tasks(wanted)
        except NotFound:
            for handle in handles:
                self._look_for(handle)
        else:
            self._board.take(findings(tasks, self._nodes.known()))

    def _look_for(self, handle: Handle) -> None:
        try:
            self._board.take(findings(self._tasks({"service": [service_of(handle)]}), self._nodes.known()))
        except NotFound:
            self._board.vanished(handle)

    def _look_for_ends(self) -> None:
        # A Swarm gives up what has ended; what it has given up is nothing as a rule.
        self._next_ends = time.monotonic() + self._pause
        tasks = self._tasks({"label": self._ours, "desired-state": "shutdown"})
        self._board.take(findings(tasks, self._nodes.known()))

    def _look_at_nodes(self) -> bool:
        before = states(self._nodes.known())
        self._next_nodes = time.monotonic() + _NODES_AGAIN
        return states(self._nodes.ask()) != before

    def _tasks(self, wanted: Said) -> list[Said]:
        found: list[Said] = self._managers.ask(lambda client: client.tasks(filters=wanted))  # type: ignore[no-untyped-call]
        return found

    def _run(self) -> None:
        while not self._stopped:
            began = time.monotonic()
            heard = True
            try:
                self._look()
            except (BackendUnavailableError, APIError):
                heard = False  # The next look may find a manager; until then everything stays as it was.
            self._rest(time.monotonic() - began, heard=heard)

    def _look(self) -> None:
        if self._all_due:
            self._look_at_all_due()
            return
        if wanted := self._wanted():
            self.look_at(wanted)
        now = time.monotonic()
        if not self._board.alive():
            return
        if now >= self._next_ends:
            self._look_for_ends()
        if now >= self._next_nodes and self._look_at_nodes():
            self.look_at_all()

    def _look_at_all_due(self) -> None:
        self._all_due = False
        try:
            self.look_at_all()
        except BaseException:
            self._all_due = True
            raise

    def _wanted(self) -> frozenset[Handle]:
        now = time.monotonic()
        with self._board.changed:
            self._expected = {handle: until for handle, until in self._expected.items() if until > now}
            expected = frozenset(self._expected) & self._board.alive()
        return self._board.waited_for() | expected

    def _rest(self, took: float, *, heard: bool) -> None:
        with self._board.changed:
            if not heard:
                self._board.changed.wait_for(lambda: self._stopped, self._pause)
            elif self._wanted():
                self._board.changed.wait_for(lambda: self._stopped, max(_QUICKLY, _SHARE * took))
            else:
                idle = None if not self._board.alive() else max(0.0, self._next_ends - time.monotonic())
                self._board.changed.wait_for(self._has_work, idle)

    def _has_work(self) -> bool:
        return self._stopped or self._all_due or bool(self._wanted())
