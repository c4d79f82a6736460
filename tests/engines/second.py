"""Another Docker Engine, as on another machine: in a network namespace of its own, with a small disk to be filled."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.engines import residue
from tests.engines.daemon import Daemon
from tests.engines.images import give_busybox
from tests.engines.needs import run, try_each
from tests.engines.place import Place, lock, new_place, noted

KIND = "second"
HERE, ADDRESS = "10.98.0.1", "10.98.0.2"
"""The ends of a cable from this machine to the engine's."""
PORT = 2375
_SPACE = "zoe-second"
_CABLE = "zoe2nd"


@contextmanager
def second_engine(disk: str = "96m") -> Iterator[Daemon]:
    """Lend a second engine, with a disk of this size, for this block alone."""
    with lock(KIND):
        down()
        daemon = _daemon(new_place(KIND, kept=False, before=residue.before()))
        try:
            _lay_cable()
            daemon.data.mkdir(parents=True)
            run("mount", "-t", "tmpfs", "-o", f"size={disk}", "tmpfs", str(daemon.data))
            daemon.start()
            with daemon.client() as client:
                give_busybox(client)
            yield daemon
        finally:
            down()


def down() -> None:
    """Leave nothing of it; nothing to do is fine."""
    place = noted(KIND)
    if place is None:
        return
    _daemon(place).kill()
    residue.end(residue.processes_of(place.directory))
    residue.end(int(pid) for pid in run("ip", "netns", "pids", _SPACE, check=False).split())
    residue.clear_cgroup(_SPACE)
    residue.unmount(place.directory)
    try_each([("ip", "netns", "delete", _SPACE), ("ip", "link", "delete", _CABLE)])
    place.forget()


def _lay_cable() -> None:
    run("ip", "netns", "add", _SPACE)
    run("ip", "link", "add", _CABLE, "type", "veth", "peer", "name", "eth0", "netns", _SPACE)
    run("ip", "addr", "add", f"{HERE}/30", "dev", _CABLE)
    run("ip", "link", "set", _CABLE, "up")
    run("ip", "-n", _SPACE, "addr", "add", f"{ADDRESS}/30", "dev", "eth0")
    for device in ("eth0", "lo"):
        run("ip", "-n", _SPACE, "link", "set", device, "up")


def _daemon(place: Place) -> Daemon:
    options = ("--bridge=none", "-H", f"tcp://{ADDRESS}:{PORT}", "--tls=false")
    return Daemon(_SPACE, place.directory / "engine", namespace=_SPACE, options=options)
