"""The networks of one engine: user-defined bridges, between which the engine lets nothing through."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from docker.errors import APIError

from backend_docker.client import Client
from backend_docker.doors import Doors
from backend_docker.networks import DEPLOYMENT_LABEL

_IN_USE = 403
_TRIES = 3


class Bridges:
    """Speaks with an engine about networks; `doors`: into them, where Zoe is not in them itself."""

    def __init__(self, client: Client, doors: Doors | None, *, internal: bool) -> None:
        self._client = client
        self._doors = doors
        self._internal = internal

    def list(self) -> Iterable[dict[str, Any]]:
        """Return all networks of the engine."""
        found: list[dict[str, Any]] = self._client.networks()
        return found

    def ours(self, deployment_id: str) -> Iterable[dict[str, Any]]:
        """Return the networks of this deployment."""
        found: list[dict[str, Any]] = self._client.networks(filters={"label": f"{DEPLOYMENT_LABEL}={deployment_id}"})
        return found

    def create(self, name: str, labels: dict[str, str], ipam: dict[str, Any], key: str) -> str:
        """Make a bridge, with a name that an administrator recognises."""
        made = self._client.create_network(
            name, driver="bridge", labels=labels, ipam=ipam,  # type: ignore[arg-type]  # a dict is what it is
            internal=self._internal, check_duplicate=True,
            options={"com.docker.network.bridge.name": f"zoe-{key}"},
        )  # fmt: skip
        return str(made["Id"])

    def remove(self, network: str) -> None:
        """Remove a network, and the door into it before."""
        for tried in range(_TRIES):
            if self._doors is not None:
                self._doors.remove(self._client, {network})
            try:
                return self._client.remove_network(network)
            except APIError as error:
                # A door may have been opened meanwhile, for a page that somebody asked for.
                if error.status_code != _IN_USE or tried == _TRIES - 1:
                    raise
                self._let_go_of_the_gone(network)
        return None

    def _let_go_of_the_gone(self, network: str) -> None:
        """Have the engine forget members that no longer exist: after a removal that it refused it counts them for ever.

        It knows such a member by its name alone (seen with the engine 20.10).
        """
        members = (self._client.inspect_network(network).get("Containers") or {}).items()
        there = {container["Id"] for container in self._client.containers(all=True)} if members else set()
        for container, member in members:
            if container not in there:
                with suppress(APIError):
                    self._client.disconnect_container_from_network(member["Name"], network, force=True)
