"""Footprint: how soon `zoe serve` is ready, and what it needs while nothing happens.

- `ready_s`: on a data directory that exists, from exec until GET /info is answered with 200 for the first time (tried
  every 5 ms); the middle one of several starts, `ready_max_s` the slowest.
- `rss_mb`: resident memory (10^6 bytes) of the `zoe serve` process some seconds after it is ready; `uss_mb`: what would
  be free without it. The keeper of the processes (`keeper_rss_mb`) and PostgreSQL (`postgres_pss_mb`, its processes
  together, what they share counted once) are apart. `worked_rss_mb`: after 300 submissions and their listing.
"""

import socket
import subprocess
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil

from bench.connection import order, zapp
from bench.report import Figure, main, percentile
from bench.served import Served, data_directory, keeper, launch, serve

_IDLE = 5.0  # seconds: what a start leaves to do is done by then
_MB = 1e6


def options(parser: ArgumentParser) -> None:
    """Say how often."""
    parser.add_argument("--starts", type=int, default=5)


def measure(arguments: Namespace) -> dict[str, Figure]:
    """Start it several times, and look at it."""
    with data_directory() as directory:
        with serve(directory):
            pass
        starts = [_start(directory) for _ in range(arguments.starts)]
        with serve(directory) as served:
            time.sleep(_IDLE)
            sizes = _sizes(served)
            _work(served)
            worked = served.process.memory_info().rss
    return {
        "ready_s": Figure(percentile(starts, 50), "s", "below 3"),
        "ready_max_s": Figure(max(starts), "s"),
        **sizes,
        "worked_rss_mb": Figure(worked / _MB, "MB"),
    }


def _start(directory: Path) -> float:
    """Return the seconds from exec until the API answers."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    began = time.monotonic()
    process = launch(directory, {"ZOE_API__PORT": str(port)})
    try:
        while not _answers(port):
            if process.poll() is not None:
                raise RuntimeError(f"zoe serve ended with exit code {process.returncode}; see {directory}/serve.log")
            time.sleep(0.005)
        return time.monotonic() - began
    finally:
        _stop(process)


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    with suppress(OSError, HTTPException):
        connection.request("GET", "/api/0.7/info")
        return connection.getresponse().status == 200
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(timeout=30)


def _sizes(served: Served) -> dict[str, Figure]:
    memory, watching = served.process.memory_full_info(), keeper(served.data_dir)
    return {
        "rss_mb": Figure(memory.rss / _MB, "MB", "below 150"),
        "uss_mb": Figure(memory.uss / _MB, "MB"),
        "keeper_rss_mb": Figure(watching.memory_info().rss / _MB if watching else 0.0, "MB"),
        "postgres_pss_mb": Figure(sum(process.memory_full_info().pss for process in _postgres(served)) / _MB, "MB"),
    }


def _postgres(served: Served) -> Iterable[psutil.Process]:
    pid = int((served.data_dir / "postgres" / "cluster" / "postmaster.pid").read_text(encoding="ascii").split()[0])
    server = psutil.Process(pid)
    return [server, *server.children(recursive=True)]


def _work(served: Served) -> None:
    connection = served.connect()
    for _ in range(300):
        connection.submit(order(zapp("true")))
        connection.get("/execution?limit=50")
    connection.until_idle(300.0)


if __name__ == "__main__":
    main("footprint", "how soon `zoe serve` is ready, and what it needs while nothing happens", measure, options)
