"""Listening to a manager: what becomes of nodes and services, and of containers on its own machine."""

import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from backend_docker.client import Client, Events
from backend_docker.networks import DEPLOYMENT_LABEL
from backend_docker.words import SILENCE
from backend_swarm.board import Board
from backend_swarm.lookout import Lookout
from backend_swarm.managers import Managers
from backend_swarm.tasks import handle_of
from zoe.errors import BackendUnavailableError

# Services carry none of our labels here, hence no filter by label.
_HEARD = {"type": ["node", "service", "container"], "event": ["create", "update", "remove", "die"]}
_TURNS = ("state.new", "availability.new")
_SERVICE = "com.docker.swarm.service.id"
_FIRST_TRY, _LONGEST_PAUSE = 0.1, 5.0  # seconds

Event = dict[str, Any]


class Ear:
    """A thread that listens to the manager that is asked, and to the next one when that is gone.

    After every interruption everything is looked at once: what happened meanwhile is not told again.
    """

    def __init__(self, managers: Managers, board: Board, lookout: Lookout, deployment_id: str) -> None:
        self._managers = managers
        self._board = board
        self._lookout = lookout
        self._deployment_id = deployment_id
        self._stream: Events | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="swarm-events", daemon=True)
        self._turns: dict[str, Callable[[Event], None]] = {
            "node": self._hear_of_node,
            "service": self._hear_of_service,
            "container": self._hear_of_container,
        }

    def start(self) -> None:
        """Begin to listen."""
        self._managers.moved = self._hang_up
        self._thread.start()

    def stop(self) -> None:
        """Hang up."""
        self._stopped.set()
        self._hang_up()
        self._thread.join(_LONGEST_PAUSE)

    def _run(self) -> None:
        pause = _FIRST_TRY
        while not self._stopped.is_set():
            try:
                self._listen()
                pause = _FIRST_TRY
            except (*SILENCE, ValueError, BackendUnavailableError):
                pause = min(2 * pause, _LONGEST_PAUSE)
            self._stopped.wait(pause)

    def _listen(self) -> None:
        self._stream = self._managers.ask(_stream)
        self._lookout.ring()
        if self._stopped.is_set():
            self._hang_up()
        try:
            for event in self._stream:
                self._turns[event["Type"]](event)
        finally:
            self._stream = None

    def _hear_of_node(self, event: Event) -> None:
        # A node changes with every network that comes and goes, too.
        attributes = event["Actor"].get("Attributes") or {}
        if event["Action"] != "update" or any(turn in attributes for turn in _TURNS):
            self._lookout.ring()

    def _hear_of_service(self, event: Event) -> None:
        if event["Action"] == "remove":
            self._board.vanished(handle_of(event["Actor"]["ID"]))

    def _hear_of_container(self, event: Event) -> None:
        labels = event["Actor"].get("Attributes") or {}
        if event["Action"] == "die" and labels.get(DEPLOYMENT_LABEL) == self._deployment_id and _SERVICE in labels:
            self._lookout.expect_end(handle_of(labels[_SERVICE]))

    def _hang_up(self) -> None:
        stream = self._stream
        if stream is not None:
            stream.close()


def _stream(client: Client) -> Events:
    # From the manager's own now on: it answers before it listens to what happens.
    told = client.info()["SystemTime"]
    return client.event_stream(int(datetime.fromisoformat(told[:19] + "+00:00").timestamp()), _HEARD)
