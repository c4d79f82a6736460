"""The raw engine: the same work, so many at a time, by a bare pooled client that keeps no books."""

import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

from docker.types import LogConfig

from backend_docker.client import connect
from backend_docker.settings import EngineSettings
from tests.engines.daemon import Daemon

_numbers = count()


def rate(run: Callable[[], object], executions: int, at_a_time: int) -> float:
    """Return how many a second are run from beginning to end."""
    with ThreadPoolExecutor(at_a_time) as pool:
        began = time.perf_counter()
        for done in [pool.submit(run) for _ in range(executions)]:
            done.result()
    return executions / (time.perf_counter() - began)


def process(command: str, directory: Path) -> Callable[[], object]:
    """Return what runs a command line as a process, its output in a file."""

    def run() -> None:
        with (directory / f"raw-{next(_numbers)}.log").open("wb") as log:
            subprocess.run(["/bin/sh", "-c", command], stdout=log, stderr=log, check=True, start_new_session=True)

    return run


def container(daemon: Daemon, command: str) -> Callable[[], object]:
    """Return what runs a command line in a container, waits for its end and removes it."""
    client = connect(EngineSettings(name="raw", url=daemon.url), 120)
    limits = client.create_host_config(mem_limit=64 << 20, log_config=LogConfig(type="json-file"))

    def run() -> None:
        made = client.create_container("busybox:latest", ["/bin/sh", "-c", command], host_config=limits)
        client.start(made)
        client.wait(made)
        client.remove_container(made)

    return run
