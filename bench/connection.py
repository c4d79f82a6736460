"""How a bench talks with a running service: as cheaply as Python can, for a client must not be what is measured."""

import json
import time
from collections.abc import Mapping, Sequence
from http.client import HTTPConnection, HTTPResponse, RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

_ENDED = ("terminated", "error")
_LOOK_AGAIN = 0.002  # seconds: API 0.7 has no way to wait for a status


class Connection:
    """One connection, kept alive and signed in; one for each thread."""

    def __init__(self, url: str, token: str) -> None:
        place = urlsplit(url)
        self._http = HTTPConnection(place.hostname or "", place.port, timeout=60)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Return what the service answers.

        Raises:
            RuntimeError: it refuses.

        """
        try:
            answer = self._send(method, path, body)
        except RemoteDisconnected:
            # The service closes what was idle for two minutes; what may not be done twice is not sent again.
            if method == "POST":
                raise
            self._http.close()
            answer = self._send(method, path, body)
        content = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.reason}")
        return content

    def _send(self, method: str, path: str, body: bytes | None) -> HTTPResponse:
        self._http.request(method, f"/api/0.7{path}", body, self._headers)
        return self._http.getresponse()

    def get(self, path: str) -> Any:
        """Return the document at a path."""
        return json.loads(self.ask("GET", path))

    def submit(self, order: bytes) -> int:
        """Submit what `order` made; return the execution's id."""
        return int(json.loads(self.ask("POST", "/execution", order))["execution_id"])

    def stop(self, execution: int) -> None:
        """Have an execution stopped."""
        self.ask("DELETE", f"/execution/{execution}")

    def until(
        self, execution: int, *statuses: str, seconds: float = 60.0, pause: float = _LOOK_AGAIN
    ) -> dict[str, Any]:
        """Look until an execution has one of these statuses, or has ended; return it. `pause`: between two looks, s.

        Raises:
            RuntimeError: it ended otherwise, or the time is over.

        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found: dict[str, Any] = self.get(f"/execution/{execution}")
            if found["status"] in statuses:
                return found
            if found["status"] in _ENDED:
                break
            time.sleep(pause)
        raise RuntimeError(f"execution {execution} is {found['status']}, not {' or '.join(statuses)}: {found}")

    def until_ended(self, execution: int) -> dict[str, Any]:
        """Look until an execution has ended; return it."""
        return self.until(execution, *_ENDED)

    def until_idle(self, seconds: float) -> None:
        """Wait until nothing waits or runs.

        Raises:
            RuntimeError: the time is over.

        """
        deadline = time.monotonic() + seconds
        keys = ("queue_length", "running_length", "termination_queue_length")
        while any((at := self.get("/statistics/scheduler"))[key] for key in keys):
            if time.monotonic() > deadline:
                raise RuntimeError(f"still at work after {seconds:.0f} s: { {key: at[key] for key in keys} }")
            time.sleep(0.2)


def zapp(command: str | Sequence[str], cores: float = 0.1, memory: int = 1 << 20) -> dict[str, Any]:
    """Return a ZApp of one small service."""
    resources = {"memory": {"min": memory, "max": None}, "cores": {"min": cores, "max": None}}
    service = {"name": "task", "image": "bench:1", "monitor": True, "total_count": 1, "essential_count": 1}
    service |= {"startup_order": 0, "resources": resources, "command": command}
    return {"name": "bench", "version": 3, "will_end": True, "services": [service]}


def order(application: Mapping[str, Any], name: str = "bench") -> bytes:
    """Return the body of a submission."""
    return json.dumps({"application": application, "name": name}).encode()
