"""The nodes of a Swarm: asked for when something is said to have changed, and looked up the rest of the time."""

from collections.abc import Mapping
from typing import Any

from backend_swarm.managers import Managers
from backend_swarm.tasks import node_name

Said = dict[str, Any]
_READY = "ready"


class Nodes:
    """What the Swarm said of its nodes when it was last asked."""

    def __init__(self, managers: Managers) -> None:
        self._managers = managers
        self._by_id: Mapping[str, Said] = {}

    def ask(self) -> Mapping[str, Said]:
        """Ask for all nodes; return them by their id."""
        found = self._managers.ask(lambda client: client.nodes())
        self._by_id = {node["ID"]: node for node in found}
        return self._by_id

    def known(self) -> Mapping[str, Said]:
        """Return the nodes by their id, as they were when last asked for."""
        return self._by_id or self.ask()

    def id_of(self, name: str) -> str | None:
        """Return the id of a node; one that is not known may be new."""
        return _by_name(self._by_id).get(name) or _by_name(self.ask()).get(name)

    def is_ready(self, name: str) -> bool:
        """Tell whether a node was there when they were last asked for."""
        found = self._by_id.get(_by_name(self._by_id).get(name, ""))
        return found is not None and found["Status"]["State"] == _READY

    def each(self) -> list[Said]:
        """Ask for the nodes; return one of each name, in their order: who joined anew is there twice, once as lost."""
        found = self.ask()
        return [found[number] for _, number in sorted(_by_name(found).items())]


def states(nodes: Mapping[str, Said]) -> dict[str, tuple[str, str]]:
    """Return what decides what becomes of a node's tasks: whether it is there, and whether it may have any."""
    return {id_: (node["Status"]["State"], node["Spec"]["Availability"]) for id_, node in nodes.items()}


def _by_name(nodes: Mapping[str, Said]) -> dict[str, str]:
    best = sorted(nodes.values(), key=lambda node: (node["Status"]["State"] == _READY, node["CreatedAt"]))
    return {node_name(node): str(node["ID"]) for node in best}
