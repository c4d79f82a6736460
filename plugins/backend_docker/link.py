"""The standing connection to an engine: its events, and whether it answers."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend_docker.client import Client, Events, connect
from backend_docker.networks import DEPLOYMENT_LABEL
from backend_docker.settings import EngineSettings
from backend_docker.words import SILENCE, reason
from zoe.errors import BackendUnavailableError
from zoe.plugin import Resources

NOTHING = Resources()
_FIRST_TRY, _LONGEST_PAUSE = 0.1, 5.0  # seconds
_OPEN_WITHIN = 10.0  # seconds

# No label: images carry none of ours.
_HEARD = {
    "type": ["container", "image"],
    "event": ["die", "destroy", "pull", "import", "load", "tag", "untag", "delete"],
}

Event = dict[str, Any]


@dataclass(slots=True)
class Link:
    """A thread that listens to an engine, and connects again after every interruption.

    `connected` catches up on what happened meanwhile; `heard` is told of each event; both run on the thread.
    """

    engine: EngineSettings
    timeout: float
    deployment_id: str
    connected: Callable[[Client], None]
    heard: Callable[[Client, Event], None]
    online: bool = False
    complaint: str = "it has not answered yet"
    total: Resources = NOTHING
    answered: bool = False
    silent_since: float = field(default_factory=time.monotonic)
    _client: Client | None = None
    _stream: Events | None = None
    _tried: threading.Event = field(default_factory=threading.Event)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; returns once the engine has answered or has failed to."""
        self._thread = threading.Thread(target=self._run, name=f"docker-{self.engine.name}", daemon=True)
        self._thread.start()
        self._tried.wait(_OPEN_WITHIN)

    def stop(self) -> None:
        """Hang up."""
        self._stopped.set()
        self._hang_up()
        if self._thread is not None:
            self._thread.join(_LONGEST_PAUSE)
        if self._client is not None:
            self._client.close()

    def client(self) -> Client:
        """Return the client for calls.

        Raises:
            BackendUnavailableError: the engine does not answer.

        """
        if self._client is None or not self.online:
            raise BackendUnavailableError(f"the engine {self.engine.name} does not answer: {self.complaint}")
        return self._client

    def _run(self) -> None:
        pause = _FIRST_TRY
        while not self._stopped.is_set():
            try:
                self._listen()
                self._lost("it ended the connection")
            except (*SILENCE, ValueError, BackendUnavailableError) as error:
                self._lost(reason(error))
            pause = _FIRST_TRY if self.answered and time.monotonic() - self.silent_since < 1 else pause
            self._tried.set()
            self._stopped.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _listen(self) -> None:
        client = connect(self.engine, self.timeout)
        told = client.info()
        self.total = self._usable(told)
        # The stream first, the listing second: what happens between is in both, and nothing is in neither.
        since = int(datetime.fromisoformat(told["SystemTime"][:19] + "+00:00").timestamp())
        self._stream = client.event_stream(since, _HEARD)
        self.connected(client)
        previous, self._client = self._client, client
        self.online, self.answered, self.complaint = True, True, ""
        self._tried.set()
        if previous is not None:
            previous.close()
        if self._stopped.is_set():
            self._hang_up()
        for event in self._stream:
            if self._concerns_us(event):
                self.heard(client, event)

    def _lost(self, complaint: str) -> None:
        if self.online:
            self.silent_since = time.monotonic()
        self.online, self.complaint = False, complaint

    def _concerns_us(self, event: Event) -> bool:
        labels = event["Actor"].get("Attributes") or {}
        return event["Type"] == "image" or labels.get(DEPLOYMENT_LABEL) == self.deployment_id

    def _usable(self, told: dict[str, Any]) -> Resources:
        cores = min(self.engine.cores or told["NCPU"], told["NCPU"])
        memory = min(self.engine.memory or told["MemTotal"], told["MemTotal"])
        return Resources(float(cores), memory, self.engine.gpus)

    def _hang_up(self) -> None:
        stream = self._stream
        if stream is not None:
            stream.close()
