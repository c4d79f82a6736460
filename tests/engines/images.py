"""Images without a registry: what the machine's own packages hold."""

import io
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import docker
from docker.errors import ImageNotFound

from tests.engines.daemon import Daemon
from tests.engines.needs import run
from tests.engines.place import cache

BUSYBOX = "busybox:latest"
DEBIAN = "debian:bookworm-slim"
SPARK = "zoe-spark:4"
_BASE = "ca-certificates"
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_SPARK_FOLDER = Path(__file__).parents[2] / "plugins" / "zapp_spark"


def give_busybox(client: docker.APIClient) -> None:
    """Import a tiny image."""
    if not has(client, BUSYBOX):
        give(client, _busybox_tar(), BUSYBOX, ['CMD ["sh"]', "ENV PATH=/bin"])


def give_debian(client: docker.APIClient) -> None:
    """Import the base of our own images: made by debootstrap, once for all runs."""
    if not has(client, DEBIAN):
        give(client, _debian_tar().read_bytes(), DEBIAN, ['CMD ["bash"]'])


def give_spark(daemon: Daemon) -> None:
    """Build our own Spark image as anybody would; kept between runs, for it takes minutes.

    A change of what goes into it has it built again.
    """
    recipe = [path for part in ("images", "lab") for path in sorted((_SPARK_FOLDER / part).rglob("*"))]
    folder = b"".join(path.read_bytes() for path in recipe if path.is_file() and path.suffix != ".pyc")
    kept = cache() / f"zoe-spark-{sha256(folder).hexdigest()[:12]}.tar"
    docker_at = ("docker", "-H", daemon.url)
    if not kept.exists():
        with daemon.client() as client:
            give_debian(client)
        run(*docker_at, "build", "-q", "--network", "host", "-t", SPARK,
            "-f", str(_SPARK_FOLDER / "images" / "Dockerfile"), str(_SPARK_FOLDER))  # fmt: skip
        run(*docker_at, "save", "-o", f"{kept}.part", SPARK)
        Path(f"{kept}.part").rename(kept)
    run(*docker_at, "load", "-q", "-i", str(kept))


def give(client: docker.APIClient, tar: bytes, name: str, changes: Iterable[str] = ()) -> None:
    """Import a file system as an image."""
    repository, _, tag = name.rpartition(":")
    client.import_image_from_data(tar, repository=repository, tag=tag, changes=list(changes))


def has(client: docker.APIClient, name: str) -> bool:
    """Tell whether an engine has an image."""
    try:
        client.inspect_image(name)  # type: ignore[no-untyped-call]
    except ImageNotFound:
        return False
    return True


def _busybox_tar() -> bytes:
    program = shutil.which("busybox")
    assert program is not None
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for directory, mode in (("bin", 0o755), ("etc", 0o755), ("tmp", 0o1777), ("root", 0o700)):
            _add(tar, directory, tarfile.DIRTYPE, mode)
        tar.add(Path(program).resolve(), "bin/busybox")
        for applet in run(program, "--list").split():
            if applet != "busybox":
                _add(tar, f"bin/{applet}", tarfile.SYMTYPE, 0o777, link="busybox")
        users = b"root:x:0:0:root:/root:/bin/sh\n"
        _add(tar, "etc/passwd", tarfile.REGTYPE, 0o644, content=users)
    return buffer.getvalue()


def _add(tar: tarfile.TarFile, name: str, kind: bytes, mode: int, link: str = "", content: bytes = b"") -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.linkname, entry.size = kind, mode, link, len(content)
    tar.addfile(entry, io.BytesIO(content))


def _debian_tar() -> Path:
    path = cache() / "debian-bookworm.tar"
    if not path.exists():
        root = cache() / "debian.part"
        shutil.rmtree(root, ignore_errors=True)
        run("debootstrap", "--variant=minbase", f"--include={_BASE}", "bookworm", str(root), _mirror())
        # Where this machine's downloads go through a certificate of its own, those of a build do, too.
        shutil.copy(_CERTIFICATES, root / _CERTIFICATES.relative_to("/"))
        run("tar", "-C", str(root), "-cf", f"{path}.part", ".")
        Path(f"{path}.part").rename(path)
        shutil.rmtree(root)
    return path


def _mirror() -> str:
    """Return the mirror that the machine's own apt uses."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Origin: Debian"],
        capture_output=True, text=True, check=False,
    ).stdout.split()  # fmt: skip
    usual = [uri for uri in listed if "security" not in uri]
    return usual[0] if usual else "http://deb.debian.org/debian"
