"""A `zoe serve` that may be killed and started again in the same place, while clients go on talking to it."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psutil

from bench.connection import Connection
from bench.served import launch

_READY_SECONDS = 90.0
_AGAIN = 0.05
_OUTAGE = (OSError, HTTPException, RuntimeError, ValueError)


@dataclass(slots=True)
class Service:
    """The service at its fixed address; `kill` ends it as a power cut would, and starts it again.

    `rss`: the most memory that the serving process ever had, bytes.
    """

    data_dir: Path
    environment: Mapping[str, str]
    rss: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _closing: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        (self.data_dir / "local.json").unlink(missing_ok=True)
        self._process = launch(self.data_dir, self.environment)
        self.connect(_READY_SECONDS).get("/info")

    def kill(self) -> None:
        """Kill it without a warning, and start it again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self.start()

    def connect(self, seconds: float = _READY_SECONDS) -> Connection:
        """Return a connection that is signed in, as soon as there is somebody to talk to.

        Raises:
            RuntimeError: nobody answers in time.

        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() not in {None, -signal.SIGKILL}:
                break
            with suppress(*_OUTAGE):
                door: dict[str, Any] = json.loads((self.data_dir / "local.json").read_text(encoding="utf-8"))
                connection = Connection(door["url"], door["token"])
                connection.get("/info")
                return connection
            time.sleep(_AGAIN)
        words = (self.data_dir / "serve.log").read_text(encoding="utf-8", errors="replace")[-2000:]
        raise RuntimeError(f"zoe serve does not answer:\n{words}")

    def watch_memory(self) -> None:
        """Look at its memory every now and then, from a thread of this call's own, until `stop`."""
        while not self._closing.wait(0.25):
            with suppress(psutil.Error, AttributeError):
                assert self._process is not None
                self.rss = max(self.rss, psutil.Process(self._process.pid).memory_info().rss)

    def stop(self) -> None:
        """Stop it in order."""
        self._closing.set()
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=60)


@contextmanager
def service(data_dir: Path, environment: Mapping[str, str]) -> Iterator[Service]:
    """Run the service until the end of the block, without a quota's limits."""
    fixed = {"ZOE_API__PORT": str(_free_port())}
    made = Service(data_dir, {**environment, **fixed})
    try:
        made.start()
        _lift_quota(made.connect())
        threading.Thread(target=made.watch_memory, daemon=True).start()
        yield made
    finally:
        made.stop()


def _lift_quota(connection: Connection) -> None:
    default = next(id_ for id_, quota in connection.get("/quota").items() if quota["name"] == "default")
    limits = {"concurrent_executions": 0, "cores": 0, "memory": 0, "runtime_limit": 0}
    connection.ask("POST", f"/quota/{default}", json.dumps(limits).encode())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def plugin_path(directory: Path) -> str:
    """Have the backend without cost found as any installed package is; return what PYTHONPATH has to be."""
    found = directory / "packages"
    (found / "bench_storm-1.dist-info").mkdir(parents=True)
    (found / "bench_storm-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: bench-storm\nVersion: 1\n")
    (found / "bench_storm-1.dist-info/entry_points.txt").write_text("[zoe]\nbackend_storm = bench.storm.backend\n")
    root = Path(__file__).parents[2]
    return os.pathsep.join([str(found), str(root), str(root / "plugins")])
