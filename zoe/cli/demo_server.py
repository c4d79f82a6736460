"""The demonstration's own `zoe serve`: a process with a private directory, made and removed with it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from zoe.cli import signin
from zoe.errors import ZoeError

if TYPE_CHECKING:
    from zoe.client import Client

READY_WITHIN, STOPPED_WITHIN = 60, 30  # seconds

_SETTINGS = """\
# The settings of a demonstration: one person, one private directory, a small machine.
deployment_name = "demo"
data_dir = {data_dir}

[api]
port = 0

[master]
progress_seconds = 0.5

[plugins.process]
run_as = "self"
reserve_memory = 268435456
"""


class DemoError(ZoeError):
    """The demonstration cannot go on."""


class DemoServer:
    """A `zoe serve` on a free port, with an embedded PostgreSQL and the process backend."""

    def __init__(self) -> None:
        # /tmp, because a socket's path has to be short and TMPDIR may be long.
        self.directory = Path(tempfile.mkdtemp(prefix="zoe-demo-", dir="/tmp"))
        self.data_dir = self.directory / "data"
        self.log = self.directory / "serve.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it; it is not ready yet."""
        settings = self.directory / "zoe.toml"
        settings.write_text(_SETTINGS.format(data_dir=json.dumps(str(self.data_dir))), encoding="utf-8")
        command = [sys.executable, "-m", "zoe.cli.main", "serve", "--config", str(settings)]
        # What is set for another Zoe is not meant for this one.
        environment = {name: text for name, text in os.environ.items() if not name.startswith("ZOE_")}
        with self.log.open("wb") as log:
            # In a session of its own: Ctrl-C reaches the demonstration, which then stops it in order.
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=self.directory,
                start_new_session=True,
            )
        return self

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid if self._process else 0

    def wait_until_ready(self) -> None:
        """Wait until it has written how to sign in; raises `DemoError` with its own last words if it ends instead."""
        deadline = time.monotonic() + READY_WITHIN
        while not (self.data_dir / "local.json").exists():
            if self._process is None or self._process.poll() is not None:
                raise DemoError(f"`zoe serve` did not start: {self.last_words()}")
            if time.monotonic() > deadline:
                raise DemoError(f"`zoe serve` was not ready within {READY_WITHIN} s: {self.last_words()}")
            time.sleep(0.02)

    def client(self) -> "Client":
        """Connect as the data directory says."""
        # Loaded here for the sake of a quick `zoe --help`.
        from zoe.client import Client  # noqa: PLC0415

        door = signin.find(None, self.data_dir, {})
        return Client(door.url, token=door.token)

    def stop_executions(self) -> None:
        """Stop whatever runs: services outlive a `zoe serve` that is only stopped."""
        if not (self.data_dir / "local.json").exists():
            return
        with self.client() as client:
            for execution in client.executions():
                if execution["status"] not in {"terminated", "error"}:
                    client.stop(execution["id"])
                    client.wait(execution["id"])

    def last_words(self) -> str:
        """Return the last line of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").split("\n") if self.log.exists() else []
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing.")

    def stop(self) -> None:
        """Stop it in order; by force if that takes too long, which is an error."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise DemoError(f"`zoe serve` did not stop within {STOPPED_WITHIN} s of being asked.") from None

    def remove(self) -> None:
        """Remove its directory and everything in it."""
        shutil.rmtree(self.directory, ignore_errors=True)
