"""Creating and starting one container: as few calls as it takes, and none twice."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Semaphore
from typing import Any

from docker.errors import APIError, ImageNotFound

from backend_docker.client import Client
from backend_docker.container import EXECUTION_LABEL, SERVICE_LABEL
from backend_docker.networks import DEPLOYMENT_LABEL
from backend_docker.pulls import Pulls, Tell
from backend_docker.words import SILENCE, said
from zoe.errors import BackendRefusedError, BackendUnavailableError

_NOT_FOUND, _CONFLICT = 404, 409
_TRIES = 3


class NetworkGoneError(BackendUnavailableError):
    """The user's network was removed meanwhile; it is made anew at the next attempt."""


@dataclass(frozen=True, slots=True)
class Launcher:
    """Starts containers on one engine: `slots` at a time; `discarded` hears of containers that came to nothing."""

    node: str
    pull: str
    pulls: Pulls
    slots: Semaphore
    discarded: Callable[[str], object]

    def launch(self, client: Client, name: str, body: dict[str, Any], tell: Tell) -> dict[str, Any]:
        """Return what the engine tells of the container, which runs, or has run; `tell` hears of a slow download."""
        if self.pull == "always":
            self._fetch(client, body, tell)
        for _ in range(_TRIES):
            try:
                with self.slots:
                    found = self._attempt(client, name, body)
            except ImageNotFound as error:
                self._fetch_missing(client, body, error, tell)
            else:
                if found is not None:
                    return found
        raise BackendUnavailableError(f"the engine {self.node} cannot make up its mind about the container {name}")

    def _attempt(self, client: Client, name: str, body: dict[str, Any]) -> dict[str, Any] | None:
        try:
            container = client.create_container_from_config(body, name)["Id"]  # type: ignore[no-untyped-call]
        except APIError as error:
            if error.status_code != _CONFLICT:
                raise
            return self._find(client, name, body)
        try:
            client.start(container)
        except APIError as error:
            self._discard(client, container)
            if error.status_code == _NOT_FOUND and "network" in said(error):
                raise NetworkGoneError from error
            raise
        told: dict[str, Any] = client.inspect_container(container)
        return told

    def _find(self, client: Client, name: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """Return the container that has this name if it is this very service; None: try again."""
        try:
            found: dict[str, Any] = client.inspect_container(name)
        except APIError as error:
            if error.status_code == _NOT_FOUND:
                return None
            raise
        theirs, ours = found["Config"]["Labels"] or {}, body["Labels"]
        if any(theirs.get(label) != ours[label] for label in (DEPLOYMENT_LABEL, SERVICE_LABEL)):
            raise BackendRefusedError(
                f"the name {name} is taken on {self.node} by a container that is not this service: remove or rename it"
            )
        if found["State"]["Status"] == "created":
            # Zoe was interrupted before it was started; the network it was made for may be gone.
            self._discard(client, found["Id"])
            return None
        return found

    def _fetch_missing(self, client: Client, body: dict[str, Any], error: ImageNotFound, tell: Tell) -> None:
        if self.pull == "never":
            raise BackendRefusedError(
                f"the image {body['Image']} is not on {self.node}, and images are never fetched: {said(error)}"
            )
        self._fetch(client, body, tell)

    def _fetch(self, client: Client, body: dict[str, Any], tell: Tell) -> None:
        self.pulls.fetch(client, body["Image"], int(body["Labels"][EXECUTION_LABEL]), tell)

    def _discard(self, client: Client, container: str) -> None:
        self.discarded(container)
        with suppress(*SILENCE):
            client.remove_container(container, v=True, force=True)
