"""A real registry on this machine, for tests of downloads: on the loopback alone."""

import io
import os
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import docker

from tests.engines.images import give

_READY_SECONDS = 60.0
_SETTINGS = """\
version: 0.1
log: {{level: error}}
storage: {{filesystem: {{rootdirectory: {data}}}, delete: {{enabled: true}}}}
http: {{addr: 127.0.0.1:{port}}}
"""


@dataclass(frozen=True, slots=True)
class Registry:
    """Where it answers."""

    address: str

    def give(self, client: docker.APIClient, name: str, ballast: int = 0) -> str:
        """Make an image of `busybox` with so many bytes that cannot be squeezed, push it, and forget it here.

        Return its name.
        """
        image = f"{self.address}/{name}"
        client.tag("busybox:latest", image) if not ballast else give(client, _with_ballast(client, ballast), image)
        for said in client.push(image, stream=True, decode=True):
            assert "error" not in said, said
        client.remove_image(image, force=True)
        return image


@contextmanager
def registry(directory: Path) -> Iterator[Registry]:
    """Run a registry until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = directory / "registry.yml"
    settings.write_text(_SETTINGS.format(data=directory / "registry", port=port), encoding="utf-8")
    with (directory / "registry.log").open("wb") as log:
        process = subprocess.Popen(["docker-registry", "serve", str(settings)], stdout=log, stderr=log)
    try:
        _wait(port, process)
        yield Registry(f"127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError("the registry does not run")


def _with_ballast(client: docker.APIClient, size: int) -> bytes:
    made = client.create_container("busybox", "true")["Id"]
    try:
        content = io.BytesIO(b"".join(client.export(made)))
    finally:
        client.remove_container(made)
    with tarfile.open(fileobj=content, mode="a") as tar:
        entry = tarfile.TarInfo("ballast")
        entry.size = size
        tar.addfile(entry, io.BytesIO(os.urandom(size)))
    return content.getvalue()
