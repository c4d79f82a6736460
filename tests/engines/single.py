"""One Docker Engine on this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engines import residue
from tests.engines.certificates import Authority, authority
from tests.engines.daemon import Daemon
from tests.engines.images import give_busybox
from tests.engines.place import Place, lock, new_place, noted

KIND = "docker"
TLS_PORT = 23760
"""Where the engine answers on the loopback, too, to who has a certificate."""
OWN_POOLS = 4
"""So many networks without a subnet of their own the engine makes, and no more."""
_CGROUP = "zoe-docker"


def up(*, kept: bool, options: tuple[str, ...] = ()) -> Daemon:
    """Start the engine, or find the one that was started by hand; a crashed one is cleared away first.

    `options`: more words for dockerd, where it is started.
    """
    place = noted(KIND)
    if place is not None and place.kept and _daemon(place).answers():
        return _daemon(place)
    down()
    place = new_place(KIND, kept=kept, before=residue.before())
    authority(place.directory / "tls").sign("server", "serverAuth", "IP:127.0.0.1")
    daemon = _daemon(place, options)
    daemon.start()
    with daemon.client() as client:
        give_busybox(client)
    return daemon


def down() -> None:
    """Stop the engine and leave nothing of it; nothing to do is fine."""
    place = noted(KIND)
    if place is None:
        return
    daemon = _daemon(place)
    daemon.kill()
    residue.end(residue.processes_of(place.directory))
    residue.clear_cgroup(_CGROUP)
    residue.unmount(place.directory)
    residue.clear_network(
        residue.bridges_of(daemon.data),
        chains=not place.docker_chains,
        forward_policy=place.forward_policy,
        ip_forward=place.ip_forward,
    )
    place.forget()


@contextmanager
def docker_engine(options: tuple[str, ...] = ()) -> Iterator[Daemon]:
    """Lend an engine: that which was started by hand, or one for this block alone."""
    with lock(KIND):
        daemon = up(kept=False, options=options)
        try:
            yield daemon
        finally:
            place = noted(KIND)
            if place is not None and not place.kept:
                down()


def authority_of(daemon: Daemon) -> Authority:
    """Return who signs for those that the engine lets in by TCP."""
    return Authority(daemon.directory.parent / "tls")


def _daemon(place: Place, options: tuple[str, ...] = ()) -> Daemon:
    # No docker0: another engine of this machine may have it. As few pools of its own as make it run out of them soon.
    own = ("--bridge=none", "--default-address-pool", "base=10.97.0.0/22,size=24")
    tls = Path(place.directory) / "tls"
    door = ("-H", f"tcp://127.0.0.1:{TLS_PORT}", "--tlsverify", f"--tlscacert={tls}/ca.pem",
            f"--tlscert={tls}/server.pem", f"--tlskey={tls}/server.key")  # fmt: skip
    return Daemon(_CGROUP, Path(place.directory) / "engine", options=(*own, *door, *options))
