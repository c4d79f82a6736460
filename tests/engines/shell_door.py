"""A real sshd on the loopback, with keys of the tests' own: it leads to one engine."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.engines.needs import run

_READY_SECONDS = 60.0
_SERVER = """\
ListenAddress 127.0.0.1:{port}
HostKey {place}/host_key
AuthorizedKeysFile {place}/user_key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
SetEnv DOCKER_HOST={url}
"""
_CLIENT = """\
IdentityFile {place}/user_key
IdentitiesOnly yes
UserKnownHostsFile {known}
GlobalKnownHostsFile /dev/null
"""


@dataclass(frozen=True, slots=True)
class ShellDoor:
    """Where it answers. `config`: of a client that knows this host; `stranger`: of one that does not."""

    url: str
    config: Path
    stranger: Path


@contextmanager
def shell_door(place: Path, engine_url: str) -> Iterator[ShellDoor]:
    """Run sshd until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name in ("host_key", "user_key"):
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(place / name))
    (place / "sshd_config").write_text(_SERVER.format(port=port, place=place, url=engine_url))
    host_key = (place / "host_key.pub").read_text()
    (place / "known").write_text(f"[127.0.0.1]:{port} {host_key}")
    for name, known in (("config", place / "known"), ("stranger", place / "nobody")):
        (place / name).write_text(_CLIENT.format(place=place, known=known))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen([str(shutil.which("sshd")), "-D", "-e", "-f", str(place / "sshd_config")],
                               stderr=(place / "sshd.log").open("wb"))  # fmt: skip
    try:
        _wait(port, process)
        yield ShellDoor(f"ssh://{getpass.getuser()}@127.0.0.1:{port}", place / "config", place / "stranger")
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError("sshd does not run")
