"""The image of the ZApp, built as anybody would; kept between runs."""

from hashlib import sha256
from pathlib import Path

import zapp_boinc
from tests.engines.daemon import Daemon
from tests.engines.images import give_debian
from tests.engines.needs import run
from tests.engines.place import cache

IMAGE = "zoe-boinc:1"
_FOLDER = Path(zapp_boinc.__file__).with_name("images")


def give_boinc(daemon: Daemon) -> None:
    """Have an engine hold the image; a change of its folder has it built again."""
    folder = b"".join(path.read_bytes() for path in sorted(_FOLDER.iterdir()))
    kept = cache() / f"zoe-boinc-{sha256(folder).hexdigest()[:12]}.tar"
    docker_at = ("docker", "-H", daemon.url)
    if not kept.exists():
        with daemon.client() as client:
            give_debian(client)
        run(*docker_at, "build", "-q", "--network", "host", "-t", IMAGE, str(_FOLDER))
        run(*docker_at, "save", "-o", f"{kept}.part", IMAGE)
        Path(f"{kept}.part").rename(kept)
    run(*docker_at, "load", "-q", "-i", str(kept))
