"""Hard limits by control groups, where this machine lets us make groups: one below our own for each service."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from .cgroup_tree import CONTROLLERS, is_version_2, own_directories

_PERIOD = 100_000  # microseconds, the kernel's own default
_LEAST_QUOTA = 1_000  # microseconds, the least that the kernel takes


class Cgroups:
    """Where groups can be made: `bases` holds the directory above them for each controller that can be used.

    `modern` are the controllers of version 2. The groups of a service are remembered in its record: the next keeper
    may be started from somewhere else.
    """

    def __init__(self, bases: dict[str, Path], modern: frozenset[str]) -> None:
        self._bases = bases
        self._modern = modern

    @classmethod
    def open(cls, name: str, own: dict[str, Path] | None = None) -> "Cgroups":
        """See for how many controllers this machine lets us make groups, below our own and one called `name`."""
        own = own_directories() if own is None else own
        modern = frozenset(controller for controller, path in own.items() if is_version_2(path))
        for controller in modern:
            _delegate(own[controller], controller)
        usable = (controller for controller in own if _usable(own[controller] / name, controller, controller in modern))
        return cls({controller: own[controller] / name for controller in usable}, modern)

    @property
    def missing(self) -> list[str]:
        """Return the controllers that cannot be used."""
        return [controller for controller in CONTROLLERS if controller not in self._bases]

    def make(self, service: int, cores: float | None, memory: int | None) -> list[Path]:
        """Make the groups that hold a service to these limits.

        Raises:
            OSError: the kernel does not want to.

        """
        made: list[Path] = []
        for controller, limit in (("memory", memory), ("cpu", cores)):
            if limit is not None and controller in self._bases:
                modern = controller in self._modern
                _make_base(self._bases[controller], controller, modern)
                group = self._bases[controller] / str(service)
                group.mkdir(exist_ok=True)
                for name, value in _settings(controller, limit, modern=modern):
                    _set(group / name, value)
                made += [group] if group not in made else []
        return made


def members(groups: Iterable[Path]) -> set[int]:
    """Return the processes in these groups."""
    return {int(pid) for group in groups for pid in _text(group / "cgroup.procs").split()}


def ran_out_of_memory(groups: Iterable[Path]) -> bool:
    """Tell whether the kernel killed a process in one of these groups because it hit its memory limit."""
    texts = [_text(group / name) for group in groups for name in ("memory.events", "memory.oom_control")]
    lines = [line.split() for text in texts for line in text.splitlines()]
    return any(words[0] == "oom_kill" and int(words[1]) > 0 for words in lines)


def drop(groups: Iterable[Path]) -> None:
    """Remove groups in which nothing runs, and what is above them with the last one."""
    for group in groups:
        with suppress(OSError):
            group.rmdir()
        with suppress(OSError):
            group.parent.rmdir()


def _make_base(base: Path, controller: str, modern: bool) -> None:
    base.mkdir(exist_ok=True)
    if modern:
        (base / "cgroup.subtree_control").write_text(f"+{controller}")


def _usable(base: Path, controller: str, modern: bool) -> bool:
    """Try it; a base that is in use stays."""
    try:
        _make_base(base, controller, modern)
    except OSError:
        return False
    usable = os.access(base, os.W_OK)
    drop([base / "none"])
    return usable


def _delegate(directory: Path, controller: str) -> None:
    """Let groups below a group of version 2 have limits: the kernel wants no process in the group itself then.

    Only in a group that was handed to us for that purpose (systemd's `Delegate=yes`) may its processes be moved.
    """
    with suppress(OSError):
        (directory / "cgroup.subtree_control").write_text(f"+{controller}")
        return
    with suppress(OSError):
        if any(os.getxattr(directory, name) == b"1" for name in _delegated(directory)):
            _move_processes(directory, directory / "main")
            (directory / "cgroup.subtree_control").write_text(f"+{controller}")


def _delegated(directory: Path) -> list[str]:
    return [name for name in os.listxattr(directory) if name in {"trusted.delegate", "user.delegate"}]


def _move_processes(source: Path, target: Path) -> None:
    target.mkdir(exist_ok=True)
    for pid in (source / "cgroup.procs").read_text().split():
        with suppress(OSError):  # it may have ended meanwhile
            (target / "cgroup.procs").write_text(pid)


def _settings(controller: str, limit: float, *, modern: bool) -> list[tuple[str, str]]:
    """Return the files and values that set a limit; swap would let a service escape that of its memory."""
    if controller == "memory":
        text = str(int(limit))
        if modern:
            return [("memory.max", text), ("memory.swap.max", "0")]
        return [("memory.limit_in_bytes", text), ("memory.memsw.limit_in_bytes", text)]
    quota = max(_LEAST_QUOTA, int(limit * _PERIOD))
    if modern:
        return [("cpu.max", f"{quota} {_PERIOD}")]
    return [("cpu.cfs_period_us", str(_PERIOD)), ("cpu.cfs_quota_us", str(quota))]


def _set(file: Path, value: str) -> None:
    try:
        file.write_text(value)
    except OSError:
        if "sw" not in file.name:  # a kernel may have no swap
            raise


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
