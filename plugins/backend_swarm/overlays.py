"""The networks of a Swarm: attachable overlays."""

import time
from collections.abc import Iterable
from typing import Any

from docker.errors import APIError, NotFound

from backend_docker.networks import DEPLOYMENT_LABEL
from backend_docker.words import said
from backend_swarm.doors import OverlayDoors
from backend_swarm.managers import Managers

_TRIES, _PAUSE, _QUICKLY = 40, 0.25, 0.05


class Overlays:
    """Speaks with a Swarm about networks; `doors`: into them."""

    def __init__(self, managers: Managers, doors: OverlayDoors, *, internal: bool) -> None:
        self._managers = managers
        self._doors = doors
        self._internal = internal

    def list(self) -> Iterable[dict[str, Any]]:
        """Return all networks."""
        found: list[dict[str, Any]] = self._managers.ask(lambda client: client.networks())
        return found

    def ours(self, deployment_id: str) -> Iterable[dict[str, Any]]:
        """Return the networks of this deployment."""
        wanted = {"label": f"{DEPLOYMENT_LABEL}={deployment_id}"}
        found: list[dict[str, Any]] = self._managers.ask(lambda client: client.networks(filters=wanted))
        return found

    def create(self, name: str, labels: dict[str, str], ipam: dict[str, Any], key: str) -> str:  # noqa: ARG002
        """Make an overlay."""
        made = self._managers.ask(
            lambda client: client.create_network(
                name,
                driver="overlay",
                labels=labels,
                ipam=ipam,  # type: ignore[arg-type]  # a dict is what it is
                internal=self._internal,
                attachable=True,
                scope="swarm",
                check_duplicate=True,
            )
        )
        return str(made["Id"])

    def remove(self, network: str) -> None:
        """Remove a network, and the doors into it before; it is gone for everybody afterwards."""
        for tried in range(_TRIES):
            self._doors.remove(network)
            try:
                self._managers.ask(lambda client: client.remove_network(network))
            except APIError as error:
                # The last task may still be on its way out.
                if "in use" not in said(error) or tried == _TRIES - 1:
                    raise
            else:
                return self._until_gone(network)
            time.sleep(_PAUSE)
        return None

    def _until_gone(self, network: str) -> None:
        """Wait while the Swarm still lists it: the next one of this name would be refused."""
        for _ in range(_TRIES):
            try:
                self._managers.ask(lambda client: client.inspect_network(network))
            except NotFound:
                return
            time.sleep(_QUICKLY)
