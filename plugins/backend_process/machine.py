"""What this machine has, as far as Zoe itself may use it."""

import os
import re
import socket
from pathlib import Path

from backend_process.keeper.cgroup_tree import own_directories
from zoe.plugin import Resources


def node_name() -> str:
    """Return the host's name, with what a node's name may not hold replaced."""
    return re.sub(r"[^a-zA-Z0-9.-]+", "-", socket.gethostname()).strip("-.") or "localhost"


def machine_resources() -> Resources:
    """Return the cores and the memory of this machine, or Zoe's own limits where they are lower."""
    cores = min([float(len(os.sched_getaffinity(0))), *_core_limits()])
    memory = min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *_memory_limits()])
    return Resources(cores, memory)


def _memory_limits() -> list[int]:
    names = ("memory.max", "memory.limit_in_bytes")
    texts = [_read(directory / name) for directory in _up(own_directories().get("memory")) for name in names]
    return [int(text) for text in texts if text.isdigit()]


def _core_limits() -> list[float]:
    limits = []
    for directory in _up(own_directories().get("cpu")):
        quota, _, period = _read(directory / "cpu.max").partition(" ")
        quota = quota or _read(directory / "cpu.cfs_quota_us")
        period = period or _read(directory / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit():
            limits.append(int(quota) / int(period))
    return limits


def _up(directory: Path | None) -> list[Path]:
    return [directory, *directory.parents] if directory else []


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
