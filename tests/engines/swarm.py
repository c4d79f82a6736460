"""A Swarm of three nodes on this machine, each a dockerd in a network namespace on one bridge."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import docker

from tests.engines import residue
from tests.engines.building import give_door
from tests.engines.daemon import Daemon
from tests.engines.images import give_busybox
from tests.engines.needs import run, try_each
from tests.engines.place import Place, lock, new_place, noted

KIND = "swarm"
_BRIDGE = "zoebr0"
_ALLOW = ("FORWARD", "-i", _BRIDGE, "-o", _BRIDGE, "-j", "ACCEPT")
_NUMBERS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class Node:
    """One node of the Swarm: its name is its hostname in the Swarm, too."""

    number: int
    daemon: Daemon

    @property
    def name(self) -> str:
        """Return its name."""
        return f"zoe-node{self.number}"

    @property
    def address(self) -> str:
        """Return its address on the bridge."""
        return f"10.99.0.{self.number}"

    def plug(self, *, connected: bool) -> None:
        """Pull the node's network cable, or plug it in again."""
        run("ip", "link", "set", f"zoev{self.number}", "up" if connected else "down")

    def heal(self) -> None:
        """Bring it back, whatever was done to it.

        After its network was away a manager may refuse its logs until it comes anew: a late farewell to its old
        connection counts for the new one.
        """
        self.plug(connected=True)
        self.daemon.kill()
        self.daemon.start()

    def crash(self) -> None:
        """End the node's daemon and all its containers at once, as a power cut would."""
        self.daemon.kill()
        residue.end(int(pid) for pid in run("ip", "netns", "pids", self.name, check=False).split())
        residue.clear_cgroup(self.name)


@dataclass(frozen=True, slots=True)
class Swarm:
    """Three nodes; the first is the manager."""

    nodes: tuple[Node, ...]

    @property
    def manager(self) -> Node:
        """Return the node that the others follow."""
        return self.nodes[0]

    def client(self) -> docker.APIClient:
        """Return a client of the manager."""
        return self.manager.daemon.client()


def up(*, kept: bool, options: tuple[str, ...] = ()) -> Swarm:
    """Start the Swarm, or find the one that was started by hand; a crashed one is cleared away first.

    `options`: more words for each dockerd, where they are started.
    """
    place = noted(KIND)
    if place is not None and place.kept and all(node.daemon.answers() for node in _swarm(place).nodes):
        return _swarm(place)
    down()
    swarm = _swarm(new_place(KIND, kept=kept, before=residue.before()), options)
    _lay_cables()
    with ThreadPoolExecutor(len(swarm.nodes)) as pool:
        list(pool.map(_start, swarm.nodes))
    _join(swarm)
    return swarm


def down() -> None:
    """Stop the Swarm and leave nothing of it; nothing to do is fine."""
    place = noted(KIND)
    if place is None:
        return
    for node in _swarm(place).nodes:
        node.crash()
        try_each([("ip", "netns", "delete", node.name), ("ip", "link", "delete", f"zoev{node.number}")])
    residue.unmount(place.directory)
    residue.clear_network([_BRIDGE], chains=False, forward_policy="", ip_forward="")
    place.forget()


@contextmanager
def swarm(options: tuple[str, ...] = ()) -> Iterator[Swarm]:
    """Lend a Swarm: that which was started by hand, or one for this block alone."""
    with lock(KIND):
        found = up(kept=False, options=options)
        try:
            yield found
        finally:
            place = noted(KIND)
            if place is not None and not place.kept:
                down()


def _swarm(place: Place, more: tuple[str, ...] = ()) -> Swarm:
    def daemon(number: int) -> Daemon:
        name = f"zoe-node{number}"
        options = ("-H", f"tcp://10.99.0.{number}:2375", "--tls=false", *more)
        return Daemon(name, place.directory / str(number), namespace=name, options=options)

    return Swarm(tuple(Node(number, daemon(number)) for number in _NUMBERS))


def _lay_cables() -> None:
    run("ip", "link", "add", _BRIDGE, "type", "bridge")
    run("ip", "addr", "add", "10.99.0.254/24", "dev", _BRIDGE)
    run("ip", "link", "set", _BRIDGE, "up")
    # A dockerd of the machine itself lets nothing through.
    run("iptables", "-I", *_ALLOW)
    for number in _NUMBERS:
        space = f"zoe-node{number}"
        run("ip", "netns", "add", space)
        run("ip", "link", "add", f"zoev{number}", "type", "veth", "peer", "name", "eth0", "netns", space)
        run("ip", "link", "set", f"zoev{number}", "master", _BRIDGE, "up")
        run("ip", "-n", space, "addr", "add", f"10.99.0.{number}/24", "dev", "eth0")
        run("ip", "-n", space, "link", "set", "eth0", "up")
        run("ip", "-n", space, "link", "set", "lo", "up")


def _start(node: Node) -> None:
    shutil.rmtree(node.daemon.directory, ignore_errors=True)
    node.daemon.start()
    with node.daemon.client() as client:
        give_busybox(client)
    give_door(node.daemon)


def _join(swarm: Swarm) -> None:
    with swarm.client() as client:
        client.init_swarm(advertise_addr=swarm.manager.address)
        token = client.inspect_swarm()["JoinTokens"]["Worker"]
    for node in swarm.nodes[1:]:
        with node.daemon.client() as client:
            client.join_swarm([f"{swarm.manager.address}:2377"], token, advertise_addr=node.address)
