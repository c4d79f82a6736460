"""Another Docker Engine beside the first: in a network namespace of its own, on a small disk that a test may fill."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.engines import residue
from tests.engines.daemon import Daemon
from tests.engines.images import give_busybox
from tests.engines.needs import run, try_each
from tests.engines.place import Place, lock, new_place, noted

KIND = "second"
_SPACE = "zoe-second"


@contextmanager
def second_engine(disk: str = "96m") -> Iterator[Daemon]:
    """Lend a second engine, with a disk of this size, for this block alone."""
    with lock(KIND):
        down()
        daemon = _daemon(new_place(KIND, kept=False, before=residue.before()))
        try:
            run("ip", "netns", "add", _SPACE)
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
    try_each([("ip", "netns", "delete", _SPACE)])
    place.forget()


def _daemon(place: Place) -> Daemon:
    return Daemon(_SPACE, place.directory / "engine", namespace=_SPACE, options=("--bridge=none",))
