"""Building an image as anybody would, which nodes of the tests' Swarm cannot without a way out; kept between runs."""

import fcntl
import tempfile
from hashlib import sha256
from pathlib import Path

from tests.engines import residue
from tests.engines.daemon import Daemon
from tests.engines.images import give_debian
from tests.engines.needs import run
from tests.engines.place import cache

DOOR = "zoe-socks:1"
_DOOR_FOLDER = Path(__file__).parents[2] / "plugins" / "backend_docker" / "images"
_BUILDER = "zoe-builder"


def give_door(daemon: Daemon) -> None:
    """Give an engine the image of the doors into users' networks."""
    run("docker", "-H", daemon.url, "load", "-q", "-i", str(_built(DOOR, _DOOR_FOLDER)))


def _built(name: str, folder: Path) -> Path:
    """Return the image as a file; a change of what goes into it has it built again."""
    recipe = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
    kept = cache() / f"{name.partition(':')[0]}-{sha256(recipe).hexdigest()[:12]}.tar"
    with (cache() / "building.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            _build(name, folder, kept)
    return kept


def _build(name: str, folder: Path, kept: Path) -> None:
    # An engine of its own, which touches neither bridges nor rules: each of the others may be somebody's just now.
    with tempfile.TemporaryDirectory(prefix="zoe-builder-") as directory:
        daemon = Daemon(_BUILDER, Path(directory) / "engine", options=("--bridge=none", "--iptables=false"))
        try:
            daemon.start()
            with daemon.client() as client:
                give_debian(client)
            at = ("docker", "-H", daemon.url)
            run(*at, "build", "-q", "--network", "host", "-t", name, str(folder))
            run(*at, "save", "-o", f"{kept}.part", name)
            Path(f"{kept}.part").rename(kept)
        finally:
            daemon.stop()
            residue.end(residue.processes_of(daemon.directory))
            residue.clear_cgroup(_BUILDER)
            residue.unmount(daemon.directory)
