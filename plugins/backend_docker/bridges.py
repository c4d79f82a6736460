"""The networks of one engine: user-defined bridges, between which the engine lets nothing through."""

from collections.abc import Iterable
from typing import Any

from backend_docker.client import Client
from backend_docker.networks import DEPLOYMENT_LABEL


class Bridges:
    """Speaks with an engine about networks."""

    def __init__(self, client: Client, *, internal: bool) -> None:
        self._client = client
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
        """Remove a network."""
        self._client.remove_network(network)
