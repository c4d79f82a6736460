"""The doors into the networks of a Swarm: containers on a manager, in the overlay that they lead into.

No Swarm services: those can publish a port on every address of a node only, and doors listen on one.
"""

from collections.abc import Collection
from contextlib import suppress

from docker.errors import APIError

from backend_docker.client import Client
from backend_docker.doors import Doors, Place, has_doors
from backend_docker.settings import DoorSettings, is_here
from backend_docker.words import SILENCE
from backend_swarm.managers import Managers
from backend_swarm.settings import ManagerSettings, SwarmSettings
from zoe.errors import BackendUnavailableError
from zoe.plugin import Deployment, SocksDoor

_AT_A_TIME = 2
_GIVE_WAY = 30.0  # seconds
_LOOPBACK = DoorSettings.model_validate({"door_address": "127.0.0.1"})


class OverlayDoors:
    """Doors on the first manager that answers and that somebody said how to reach."""

    def __init__(self, managers: Managers, deployment: Deployment, settings: SwarmSettings) -> None:
        self._managers = managers
        self._doors = Doors(deployment, settings, _AT_A_TIME)
        self._named = any(stands(manager) for manager in settings.managers)

    def close(self) -> None:
        """Make no more; those that are there stay."""
        self._doors.close()

    def begin(self, owner: str, network: str) -> None:
        """Make the door into a network (an id), while the first service in it that has a port starts."""
        if self._named:
            self._doors.begin(self._place, owner, network)
            # A Swarm gives up a container that is not in its network after 20 s, which a class that begins takes.
            self._doors.give_way(network, _GIVE_WAY)

    def into(self, owner: str) -> SocksDoor:
        """Return the door into an owner's network, made where it is missing.

        Raises:
            BackendUnavailableError: there is none to be had, and why.

        """
        return self._doors.into(self._place(), owner)

    def remove(self, network: str) -> None:
        """Remove the doors into a network from every manager that answers: there are several after a fail-over."""
        for client in self._clients():
            with suppress(APIError, *SILENCE):
                self._doors.remove(client, {network})

    def keep_only(self, networks: Collection[str]) -> None:
        """Remove doors that a crash left, or a manager that was gone while their networks were removed."""
        for client in self._clients():
            with suppress(APIError, *SILENCE):
                self._doors.remove(client, networks, all_but=True)

    def _place(self) -> Place:
        for manager, client in self._managers.in_turn():
            if (place := stands(manager)) is not None:
                return Place(f"the manager {manager.url}", client, place)
        raise BackendUnavailableError(
            "no manager of the Swarm that answers has a door_address: name for each the address of its machine that "
            "this one reaches, for pages of services to be opened"
        )

    def _clients(self) -> list[Client]:
        return [client for _, client in self._managers.in_turn()] if self._named else []


def stands(manager: ManagerSettings) -> DoorSettings | None:
    """Return how doors on a manager are reached; on Zoe's own machine they are on the loopback. None: nobody said."""
    if has_doors(manager):
        return manager
    return _LOOPBACK if is_here(manager.url) else None
