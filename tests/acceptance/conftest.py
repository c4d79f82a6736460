"""A real `zoe serve`, as a process that a test may kill."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import pytest

PATIENCE = 180.0
T = TypeVar("T")


def until(look: Callable[[], T | None], what: str) -> T:
    """Wait until `look` returns something true."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come about in {PATIENCE:.0f} s")


@dataclass
class Zoe:
    """One `zoe serve`, and a client of it."""

    data_dir: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    client: httpx.Client | None = None

    def start(self) -> "Zoe":
        """Start it, and wait until it answers (a master alone: until it says that it runs)."""
        settings = {"ZOE_API__PORT": "0", "ZOE_PLUGINS__PROCESS__RUN_AS": "self", "ZOE_MASTER__STOP_GRACE": "2"}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ZOE_")}
        command = [sys.executable, "-m", "zoe", "serve", "--data-dir", str(self.data_dir), *self.arguments]
        (self.data_dir / "local.json").unlink(missing_ok=True)
        with self.log.open("ab") as log:
            begin = log.tell()
            process = self.process = subprocess.Popen(
                command, env=clean | settings | dict(self.environment), stdout=log, stderr=log
            )
        until(lambda: b"is running" in self.log.read_bytes()[begin:] or process.poll() is not None, "zoe serve")
        assert process.poll() is None, self.log.read_text()
        if "master" not in self.arguments:
            door = until(self._door, "the way in")
            headers = {"Authorization": f"Bearer {door['token']}"}
            self.hang_up()
            self.client = httpx.Client(base_url=f"{door['url']}/api/0.7", headers=headers, timeout=60.0)
        return self

    def _door(self) -> Any:
        with suppress(FileNotFoundError):
            return json.loads((self.data_dir / "local.json").read_text())

    @property
    def log(self) -> Path:
        """What it printed."""
        return self.data_dir / "serve.log"

    def end(self, number: int) -> int:
        """Send it a signal and wait for its end."""
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self.hang_up()
        return code

    def hang_up(self) -> None:
        """Close the client's connections."""
        if self.client is not None:
            self.client.close()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.end(signal.SIGKILL)

    def get(self, path: str) -> Any:
        """GET, as JSON."""
        assert self.client is not None
        return self.client.get(path).raise_for_status().json()

    def submit(self, command: str | list[str], **more: Any) -> int:
        """Submit a ZApp of one service; return the execution's id."""
        assert self.client is not None
        answer = self.client.post("/execution", json={"application": zapp(command, **more), "name": "test"})
        answer.raise_for_status()
        return int(answer.json()["execution_id"])

    def stop_execution(self, execution: int) -> None:
        """Ask for its end."""
        assert self.client is not None
        self.client.delete(f"/execution/{execution}").raise_for_status()

    def status(self, execution: int) -> str:
        """Where an execution is."""
        return str(self.get(f"/execution/{execution}")["status"])

    def wait_for(self, execution: int, *statuses: str) -> dict[str, Any]:
        """Wait until an execution is in one of these statuses; return it."""

        def look() -> dict[str, Any] | None:
            found: dict[str, Any] = self.get(f"/execution/{execution}")
            return found if found["status"] in statuses else None

        return until(look, f"execution {execution} in {statuses}, log: {self.log.read_text()[-3000:]}")

    def lift_quota(self) -> None:
        """Let the admin run as much as there is room for."""
        assert self.client is not None
        quota = next(id_ for id_, row in self.get("/quota").items() if row["name"] == "default")
        limits = {"concurrent_executions": 0, "cores": 0, "memory": 0, "runtime_limit": 0}
        self.client.post(f"/quota/{quota}", json=limits).raise_for_status()


def zapp(command: str | list[str], cores: float = 0.1, name: str = "task", image: str = "test:1") -> dict[str, Any]:
    """A ZApp of one service."""
    resources = {"memory": {"min": 1 << 20, "max": None}, "cores": {"min": cores, "max": None}}
    service = {"name": name, "image": image, "monitor": True, "total_count": 1, "essential_count": 1}
    service |= {"startup_order": 0, "resources": resources, "command": command}
    return {"name": "test-app", "version": 3, "will_end": True, "services": [service]}


def processes_of(data_dir: Path) -> list[str]:
    """The processes that have anything to do with a data directory."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = [*process.cmdline(), *process.environ().values(), process.cwd()]
            if any(str(data_dir) in word for word in words) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{process.pid} {' '.join(process.cmdline())}")
    return found


@contextmanager
def open_directory() -> Iterator[Path]:
    """A directory that other users may pass through."""
    with tempfile.TemporaryDirectory(prefix="zoe-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o711)
        yield Path(directory)


def nginx_of(zoe: Zoe) -> list[psutil.Process]:
    """Return the processes of its nginx."""
    return [
        one
        for one in psutil.process_iter(["cmdline"])
        if str(zoe.data_dir / "nginx") in " ".join(one.info["cmdline"] or [])
    ]


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data directory that other users may pass through."""
    with open_directory() as directory:
        yield directory


def kill_tree(pid: int) -> None:
    """End a process with those that it started: the workers of an nginx do not tell whose they are."""
    with suppress(psutil.NoSuchProcess):
        one = psutil.Process(pid)
        for each in [one, *one.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                each.kill()


@contextmanager
def zoe_maker() -> Iterator[Callable[..., Zoe]]:
    """Make services that are ended in the end, with all that runs in them."""
    made: list[Zoe] = []

    def make(data_dir: Path, environment: Mapping[str, str] | None = None, *arguments: str) -> Zoe:
        data_dir.mkdir(exist_ok=True)
        made.append(Zoe(data_dir, environment or {}, arguments))
        return made[-1].start()

    try:
        yield make
    finally:
        for zoe in made:
            if zoe.process is not None and zoe.process.poll() is None:
                zoe.end(signal.SIGTERM)
            zoe.hang_up()  # it may have ended by itself
            for line in processes_of(zoe.data_dir):
                kill_tree(int(line.split()[0]))


@pytest.fixture
def make_zoe() -> Iterator[Callable[..., Zoe]]:
    """Make services that are ended with the test."""
    with zoe_maker() as make:
        yield make


@pytest.fixture
def zoe(make_zoe: Callable[..., Zoe], data_dir: Path) -> Zoe:
    """A running service without a quota's limits."""
    running = make_zoe(data_dir)
    running.lift_quota()
    return running
