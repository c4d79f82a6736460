"""A real `zoe serve` of a bench's own: a process, a data directory, a free port."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

_READY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Served:
    """A running service: where it answers, an admin's token without a quota's limits, and its process."""

    url: str
    token: str
    process: psutil.Process
    data_dir: Path

    def client(self) -> httpx.Client:
        """Return a client that is signed in; one for each thread."""
        return httpx.Client(
            base_url=f"{self.url}/api/0.7", headers={"Authorization": f"Bearer {self.token}"}, timeout=60.0
        )


@contextmanager
def data_directory() -> Iterator[Path]:
    """Lend a data directory."""
    directory = Path(tempfile.mkdtemp(prefix="zoe-bench-"))
    directory.chmod(0o711)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def serve(data_dir: Path, environment: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Run `zoe serve` until the end of the block; its quota is lifted."""
    settings = {"ZOE_API__PORT": "0", "ZOE_LOG_LEVEL": "warning", "ZOE_PLUGINS__PROCESS__RUN_AS": "self"}
    environ = {**os.environ, **settings, **(environment or {})}
    local = data_dir / "local.json"
    local.unlink(missing_ok=True)
    with (data_dir / "serve.log").open("ab") as log:
        command = [sys.executable, "-m", "zoe", "serve", "--data-dir", str(data_dir)]
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
    try:
        door = _door(process, local)
        served = Served(door["url"], door["token"], psutil.Process(process.pid), data_dir)
        _lift_quota(served)
        yield served
    finally:
        process.terminate()
        process.wait(timeout=30)


def _door(process: subprocess.Popen[bytes], local: Path) -> dict[str, Any]:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"zoe serve ended with exit code {process.returncode}; see {local.parent}/serve.log")
        if local.exists():
            found: dict[str, Any] = json.loads(local.read_text(encoding="utf-8"))
            return found
        time.sleep(0.01)
    raise SystemExit("zoe serve was not ready in time")


def _lift_quota(served: Served) -> None:
    with served.client() as client:
        quotas = client.get("/quota").raise_for_status().json()
        default = next(id_ for id_, quota in quotas.items() if quota["name"] == "default")
        limits = {"concurrent_executions": 0, "cores": 0, "memory": 0, "runtime_limit": 0}
        client.post(f"/quota/{default}", json=limits).raise_for_status()


def zapp(command: str, cores: float = 0.1, memory: int = 1 << 20) -> dict[str, Any]:
    """Return a ZApp of one small service."""
    resources = {"memory": {"min": memory, "max": None}, "cores": {"min": cores, "max": None}}
    service = {"name": "task", "image": "bench:1", "monitor": True, "total_count": 1, "essential_count": 1}
    service |= {"startup_order": 0, "resources": resources, "command": command}
    return {"name": "bench", "version": 3, "will_end": True, "services": [service]}
