"""A real `zoe serve` of a bench's own: a process, a data directory, a free port."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.connection import Connection

_READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Served:
    """A running service: where it answers, an admin's token without a quota's limits, and its process."""

    url: str
    token: str
    process: psutil.Process
    data_dir: Path

    def connect(self) -> Connection:
        """Return a connection that is signed in; one for each thread."""
        return Connection(self.url, self.token)


@contextmanager
def data_directory() -> Iterator[Path]:
    """Lend a data directory; whatever runs there ends with it."""
    directory = Path(tempfile.mkdtemp(prefix="zoe-bench-"))
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        _end_services(directory)
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def serve(data_dir: Path, environment: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Run `zoe serve` until the end of the block; its quota is lifted."""
    local = data_dir / "local.json"
    local.unlink(missing_ok=True)
    process = launch(data_dir, environment)
    try:
        door = _door(process, local)
        served = Served(door["url"], door["token"], psutil.Process(process.pid), data_dir)
        _lift_quota(served.connect())
        yield served
    finally:
        process.terminate()
        process.wait(timeout=30)


def launch(data_dir: Path, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start `zoe serve` and wait for nothing."""
    settings = {"ZOE_API__PORT": "0", "ZOE_LOG_LEVEL": "warning", "ZOE_PLUGINS__PROCESS__RUN_AS": "self"}
    environ = {**os.environ, **settings, **(environment or {})}
    command = [sys.executable, "-m", "zoe", "serve", "--data-dir", str(data_dir)]
    with (data_dir / "serve.log").open("ab") as log:
        return subprocess.Popen(command, env=environ, stdout=log, stderr=log)


def keeper(data_dir: Path) -> psutil.Process | None:
    """Return the keeper of a data directory's processes; it outlives `zoe serve` while something runs."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if str(data_dir / "process") in process.cmdline():
                return process
    return None


def _end_services(data_dir: Path) -> None:
    watching = keeper(data_dir)
    if watching is not None:
        for process in [*watching.children(recursive=True), watching]:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)


def _door(process: subprocess.Popen[bytes], local: Path) -> dict[str, Any]:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            words = (local.parent / "serve.log").read_text(encoding="utf-8", errors="replace")[-2000:]
            raise SystemExit(f"zoe serve ended with exit code {process.returncode}:\n{words}")
        if local.exists():
            found: dict[str, Any] = json.loads(local.read_text(encoding="utf-8"))
            return found
        time.sleep(0.01)
    raise SystemExit("zoe serve was not ready in time")


def _lift_quota(connection: Connection) -> None:
    quotas = connection.get("/quota")
    default = next(id_ for id_, quota in quotas.items() if quota["name"] == "default")
    limits = {"concurrent_executions": 0, "cores": 0, "memory": 0, "runtime_limit": 0}
    connection.ask("POST", f"/quota/{default}", json.dumps(limits).encode())
