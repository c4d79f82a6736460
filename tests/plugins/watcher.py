"""Who kills Zoe in the middle of what it does on an engine or a Swarm."""

import threading

import docker

from tests.acceptance.conftest import Zoe


class Watcher:
    """Kills Zoe as soon as its engine has told so many times that this was done to a container or a service."""

    def __init__(self, zoe: Zoe, client: docker.APIClient, kind: str, action: str, times: int) -> None:
        self._events = client.events(filters={"type": kind, "event": action}, decode=True)
        self._zoe, self._left = zoe, times
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def wait(self) -> None:
        """Wait until Zoe is dead."""
        self._thread.join(60)
        assert not self._thread.is_alive(), "it was not told of"

    def _watch(self) -> None:
        for _ in self._events:
            self._left -= 1
            if not self._left:
                break
        self._zoe.kill()
        self._events.close()
