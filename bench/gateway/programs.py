"""What is measured against: programs of others, found or installed for the run, and ended with it."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

_READY_SECONDS = 20.0


def needed(name: str, package: str) -> str:
    """Return where a program is."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise SystemExit(f"{name} is needed: install {package}.")
    return found


def configurable_http_proxy(directory: Path) -> str:
    """Return where configurable-http-proxy is, from npm if it is not there already."""
    found = shutil.which("configurable-http-proxy")
    if found is None:
        npm = needed("npm", "npm, or configurable-http-proxy itself")
        command = [npm, "install", "--prefix", str(directory), "--no-audit", "--no-fund", "configurable-http-proxy"]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        found = str(directory / "node_modules/.bin/configurable-http-proxy")
    return found


def free_port() -> int:
    """Return a port of the loopback interface that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def running(command: Sequence[str], port: int, log: Path) -> Iterator[None]:
    """Run a program that listens on this port of the loopback interface."""
    with log.open("ab") as into:
        process = subprocess.Popen(command, stdout=into, stderr=into)
    try:
        _until_listening(process, port, log)
        yield
    finally:
        _end(process)


def _until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise SystemExit(f"{process.args!r} does not listen: {log.read_text(errors='replace')[-500:]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(5)
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.kill()
