"""A `zoe proxy` that runs, as a person runs it."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def elsewhere(tmp_path: Path, **variables: str) -> dict[str, str]:
    """The environment of somebody who knows no other Zoe of this machine."""
    own = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    return {name: text for name, text in os.environ.items() if not name.startswith("ZOE_")} | own | variables


class Running:
    """A `zoe proxy` that runs: what it says, and the local port that it tells first."""

    def __init__(self, *words: object, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "zoe", "proxy", *map(str, words)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.told = self.process.stdout.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)", self.told)
        assert self.told, self.process.communicate()[1]
        self.port = int(found[1]) if found else 0

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def interrupt(self) -> tuple[int, str]:
        """Press Ctrl-C; return the exit code, and all that it said beside what it told first."""
        self.process.send_signal(signal.SIGINT)
        said = "".join(self.process.communicate(timeout=60))
        return self.process.returncode, said


@contextmanager
def proxy(*words: object, environment: dict[str, str]) -> Iterator[Running]:
    made = Running(*words, environment=environment)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.communicate()
