"""What a machine has to have for test engines."""

import os
import shutil
import subprocess
from collections.abc import Sequence

PACKAGES = {
    "dockerd": "docker.io",
    "iptables": "iptables",
    "busybox": "busybox-static",
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "docker-registry": "docker-registry",
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "openssl": "openssl",
}


def why_not() -> str | None:
    """Say why no engine can be started here; None where one can."""
    if os.geteuid() != 0:
        return "an engine of the tests' own needs root"
    missing = [package for program, package in PACKAGES.items() if shutil.which(program) is None]
    if missing:
        return f"packages are missing: apt-get install --no-install-recommends {' '.join(missing)}"
    return None


def run(*words: str, check: bool = True) -> str:
    """Run a program and return what it said; its complaint is in the error."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def try_each(commands: Sequence[Sequence[str]]) -> None:
    """Run programs that may well have nothing to do."""
    for words in commands:
        run(*words, check=False)
