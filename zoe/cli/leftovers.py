"""What a Zoe with a directory of its own has running, listening and lying about: to prove that nothing stays behind."""

import os
import signal
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psutil

VANISH_WITHIN = 10  # seconds; what has been told to end gets this long to be gone

Port = tuple[str, int]
Found = TypeVar("Found")


class Census:
    """Counts what belongs to a directory: processes that name it or live in it, the ports and directories they use."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.ports: set[Port] = set()
        self.elsewhere: set[Path] = set()

    def look(self) -> None:
        """Remember the ports that are open now, the directories linked from inside, and the control groups."""
        pids = self.processes()
        self.ports |= _listening(pids)
        own = _groups(os.getpid())
        self.elsewhere |= {group for pid in pids for group in _groups(pid) - own}
        for depth in ("*", "*/*", "*/*/*"):
            self.elsewhere |= {link.readlink() for link in self._directory.glob(depth) if _leads_out(link)}

    def processes(self) -> list[int]:
        """Find the processes that have the directory in their command, their environment or as where they are."""
        return [pid for pid in psutil.pids() if pid != os.getpid() and self._belongs(pid)]

    def _belongs(self, pid: int) -> bool:
        wanted = os.fsencode(self._directory)
        here = Path("/proc", str(pid))
        facts: tuple[Callable[[], bytes], ...] = (
            (here / "cmdline").read_bytes,
            (here / "environ").read_bytes,
            lambda: os.fsencode((here / "cwd").readlink()),
        )
        return any(wanted in _read(fact) for fact in facts)

    def wait_for_processes(self) -> None:
        """Give the processes a while to be gone: they may still write into the directory."""
        _within_reason(self.processes)

    def left(self) -> list[str]:
        """Say what is left, after a while for what is just ending."""
        return _within_reason(lambda: list(self._left()))

    def _left(self) -> Iterator[str]:
        for pid in self.processes():
            yield f"process {pid} ({_name(pid)})"
        for address, port in sorted(self.ports & _listening()):
            yield f"port {address}:{port}"
        for path in [self._directory, *sorted(self.elsewhere)]:
            if path.exists():
                yield f"directory {path}"

    def end_all(self) -> None:
        """End the processes by force: for when the orderly way has failed."""
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def _within_reason(look: Callable[[], list[Found]]) -> list[Found]:
    deadline = time.monotonic() + VANISH_WITHIN
    while (found := look()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def _read(fact: Callable[[], bytes]) -> bytes:
    """Read something of a process that may be gone, or somebody else's."""
    try:
        return fact()
    except OSError:
        return b""


def _name(pid: int) -> str:
    return os.fsdecode(_read(Path("/proc", str(pid), "comm").read_bytes)).strip() or "gone"


def _leads_out(path: Path) -> bool:
    return path.is_symlink() and path.readlink().is_absolute()


def _groups(pid: int) -> set[Path]:
    """Return the directories of a process's control groups, version 1 or 2."""
    groups = set()
    for line in os.fsdecode(_read(Path("/proc", str(pid), "cgroup").read_bytes)).splitlines():
        _, controllers, path = line.split(":", 2)
        if path.strip("/"):  # the root holds everybody who has not been put elsewhere yet
            groups.add(Path("/sys/fs/cgroup", controllers, path.lstrip("/")))
    return {group for group in groups if group.is_dir()}


def _listening(of: Collection[int] | None = None) -> set[Port]:
    """Return the ports that are listened on, by anybody or by some processes."""
    found: list[Any] = psutil.net_connections(kind="tcp")
    listening = [one for one in found if one.status == psutil.CONN_LISTEN and (of is None or one.pid in of)]
    return {(one.laddr.ip, one.laddr.port) for one in listening}
