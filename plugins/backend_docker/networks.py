"""The networks of users on one engine: made with a user's first service, removed with the last."""

import re
import secrets
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from hashlib import sha256
from itertools import count
from typing import Any, Protocol

from docker.errors import APIError

from backend_docker.settings import NetworkSettings
from backend_docker.subnets import free, how_many, no_subnet, taken
from backend_docker.words import said
from zoe.errors import BackendBusyError, BackendUnavailableError
from zoe.plugin import Deployment

DEPLOYMENT_LABEL, OWNER_LABEL = "zoe_deployment_id", "zoe_owner"
_OVERLAP = "overlaps"
_GONE, _IN_USE = 404, 403
_LONGEST_WAIT = 120.0
_TRIES = 16


class NetworkCalls(Protocol):
    """What is asked of an engine or a Swarm about networks."""

    def list(self) -> Iterable[dict[str, Any]]:
        """Return all networks, also those of others."""
        ...

    def create(self, name: str, labels: dict[str, str], ipam: dict[str, Any], key: str) -> str:
        """Make a network and return its id."""
        ...

    def remove(self, network: str) -> None:
        """Remove a network."""
        ...


class _Phase(Enum):
    ABSENT = 0
    MOVING = 1
    PRESENT = 2


@dataclass(slots=True)
class _Entry:
    phase: _Phase = _Phase.ABSENT
    id: str = ""
    members: set[int] = field(default_factory=set)


class NetworkBook:
    """Knows who is in which network. One thread makes or removes it, the others wait; no lock is held meanwhile."""

    def __init__(self, deployment: Deployment, settings: NetworkSettings) -> None:
        self._deployment = deployment
        self._settings = settings
        self._entries: dict[str, _Entry] = {}
        self._changed = threading.Condition()
        # Each network gets the next subnet: nodes of a Swarm give one back some time after its network is gone.
        self._turns = count(secrets.randbelow(how_many(settings)))

    def adopt(self, networks: Iterable[dict[str, Any]], members: Iterable[tuple[str, int]]) -> list[str]:
        """Take up what is there; return the owners whose network nobody is in: what a crash left."""
        inhabited: dict[str, set[int]] = {}
        for owner, service in members:
            inhabited.setdefault(owner, set()).add(service)
        with self._changed:
            for network in networks:
                labels = network.get("Labels") or {}
                if labels.get(DEPLOYMENT_LABEL) == self._deployment.id:
                    self._adopt(labels.get(OWNER_LABEL, ""), network["Id"], inhabited)
        return self.deserted()

    def deserted(self) -> list[str]:
        """Return the owners whose network nobody is in: the engine would not let it go yet, or a crash left it."""
        with self._changed:
            return [
                owner for owner, entry in self._entries.items() if entry.phase == _Phase.PRESENT and not entry.members
            ]

    def join(self, calls: NetworkCalls, owner: str, service: int) -> str:
        """Return the id of the owner's network, made if it is not there; the service keeps it there until it leaves."""
        with self._changed:
            entry = self._settled(owner)
            entry.members.add(service)
            if entry.phase == _Phase.PRESENT:
                return entry.id
            entry.phase = _Phase.MOVING
        try:
            found = self._make(calls, owner)
        except BaseException:
            entry.members.discard(service)
            self._settle(entry, _Phase.ABSENT, "")
            raise
        self._settle(entry, _Phase.PRESENT, found)
        return found

    def leave(self, calls: NetworkCalls, owner: str, service: int) -> None:
        """Take a service out of its network; the last one out removes it."""
        with self._changed:
            entry = self._settled(owner)
            entry.members.discard(service)
            if entry.members or entry.phase == _Phase.ABSENT:
                return
            entry.phase = _Phase.MOVING
        gone = False
        try:
            gone = _removed(calls, entry.id)
        finally:
            self._settle(entry, _Phase.ABSENT if gone else _Phase.PRESENT, "" if gone else entry.id)

    def forget(self, owner: str) -> None:
        """Take up that a network was removed behind our back."""
        with self._changed:
            entry = self._settled(owner)
            entry.phase, entry.id = _Phase.ABSENT, ""

    def _adopt(self, owner: str, id_: str, inhabited: dict[str, set[int]]) -> None:
        entry = self._entries.setdefault(owner, _Entry())
        if entry.phase != _Phase.MOVING:
            entry.phase, entry.id = _Phase.PRESENT, id_
            entry.members |= inhabited.get(owner, set())

    def _settled(self, owner: str) -> _Entry:
        entry = self._entries.setdefault(owner, _Entry())
        if not self._changed.wait_for(lambda: entry.phase != _Phase.MOVING, _LONGEST_WAIT):
            raise BackendUnavailableError(f"the network of {owner} is still being made")
        return entry

    def _settle(self, entry: _Entry, phase: _Phase, id_: str) -> None:
        with self._changed:
            entry.phase, entry.id = phase, id_
            self._changed.notify_all()

    def _make(self, calls: NetworkCalls, owner: str) -> str:
        there = list(calls.list())
        labels = {DEPLOYMENT_LABEL: self._deployment.id, OWNER_LABEL: owner}
        for network in there:
            if labels.items() <= (network.get("Labels") or {}).items():
                return str(network["Id"])
        return self._make_on_free_subnet(owner, labels, taken(there), calls.create)

    def _make_on_free_subnet(
        self, owner: str, labels: dict[str, str], used: list[Any], create: Callable[..., str]
    ) -> str:
        name, key = network_name(self._deployment, owner)
        first = next(self._turns)
        for _, subnet in zip(range(_TRIES), free(self._settings, used, first), strict=False):
            with suppress(_OverlapError):
                return _create(create, name, labels, {"Driver": "default", "Config": [{"Subnet": str(subnet)}]}, key)
        raise no_subnet(self._settings)


class _OverlapError(BackendBusyError):
    """Somebody else was quicker to take this subnet."""


def network_name(deployment: Deployment, owner: str) -> tuple[str, str]:
    """Return the name of an owner's network, and a short key that no other has."""
    key = sha256(f"{deployment.id} {owner}".encode()).hexdigest()[:10]
    readable = re.sub(r"[^A-Za-z0-9_.-]+", "-", owner)[:40]
    return f"zoe-{deployment.name}-{readable}-{key}", key


def _create(create: Callable[..., str], *arguments: object) -> str:
    try:
        return create(*arguments)
    except APIError as error:
        if _OVERLAP in said(error):
            raise _OverlapError from error
        raise


def _removed(calls: NetworkCalls, network: str) -> bool:
    try:
        calls.remove(network)
    except APIError as error:
        # Somebody else's container is in it, or the engine still counts one that is gone: a later look tries again.
        return error.status_code == _GONE
    return True
