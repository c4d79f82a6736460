"""The keeper's life: one for each directory, in the background, until it is not needed any more."""

import ctypes
import fcntl
import os
import resource
import signal
import socket
from collections.abc import Sequence
from pathlib import Path

from .cgroups import Cgroups
from .house import House
from .loop import Loop
from .members import Members
from .record import Record
from .requests import Requests, as_change
from .services import Services
from .visitors import Door

RUNS_ALREADY = 3
"""The exit code that says that another keeper has this directory."""
SOCKET = "keeper.socket"
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_FIRST_VISIT = 10.0  # seconds that a new keeper waits for whoever started it
_DESCRIPTORS = 8192  # one or two for each service, and the usual 1,024 is not enough for a big machine


def main(arguments: Sequence[str]) -> int:
    """Become the keeper of a directory; the process that was called ends as soon as it can be talked to."""
    directory, key, log_limit = Path(arguments[0]), arguments[1], int(arguments[2])
    os.umask(0o077)
    home = os.open(directory / "keeper", os.O_DIRECTORY | os.O_CLOEXEC)
    lock = os.open(directory / "keeper" / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return RUNS_ALREADY
    listening = _listen(directory, home)
    if os.fork():
        return 0
    os.setsid()
    os.chdir("/")
    _print_to(directory / "keeper" / "log")
    _prepare()
    _keep(directory, key, log_limit, listening)
    return 0


def socket_path(home: int) -> str:
    """Return the path of the keeper's socket, below the open directory `home`: a socket's path is 107 bytes at most."""
    return f"/proc/self/fd/{home}/{SOCKET}"


def _listen(directory: Path, home: int) -> socket.socket:
    (directory / "keeper" / SOCKET).unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(socket_path(home))
    listening.listen(128)
    return listening


def _print_to(path: Path) -> None:
    """Leave the terminal, or pipe, of whoever started us."""
    nothing = os.open(os.devnull, os.O_RDWR)
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)


def _prepare() -> None:
    """Be the one to whom orphans come; no service may gain rights that it was not started with."""
    libc = ctypes.CDLL(None, use_errno=True)
    for option in (_PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS):
        if libc.prctl(option, 1, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _DESCRIPTORS:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(_DESCRIPTORS, hard), hard))


def _keep(directory: Path, key: str, log_limit: int, listening: socket.socket) -> None:
    loop = Loop()
    cgroups = Cgroups.open(f"zoe-{key}")
    house = House(directory, loop, cgroups, Members(key), log_limit)

    def changed(record: Record) -> None:
        door.tell(as_change(record))

    services = Services(house, changed)
    door = Door(loop, listening, Requests(house, services).ask)
    loop.on_signal(signal.SIGCHLD, services.reap)
    # A machine that goes down ends the services as well: wait for them, so that their exit codes are known.
    terminated: list[bool] = []
    loop.on_signal(signal.SIGTERM, lambda: terminated.append(True))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    services.load()
    expected: list[bool] = [True]
    loop.after(_FIRST_VISIT, expected.clear)
    loop.run(until=lambda: services.idle and (bool(terminated) or (door.empty and not (expected and door.unused))))
    (directory / "keeper" / SOCKET).unlink(missing_ok=True)
