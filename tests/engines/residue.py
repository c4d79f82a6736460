"""Clearing away all that engines leave on a machine, however they ended."""

import os
import re
import shlex
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tests.engines.needs import run, try_each

_CGROUPS = Path("/sys/fs/cgroup")
_CHAINS = ("DOCKER", "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2", "DOCKER-USER", "DOCKER-FORWARD",
           "DOCKER-BRIDGE", "DOCKER-CT", "DOCKER-INTERNAL")  # fmt: skip
_IP_FORWARD = Path("/proc/sys/net/ipv4/ip_forward")


def before() -> dict[str, str | bool]:
    """Tell how this machine is before an engine changes it."""
    rules = run("iptables-save")
    policy = re.search(r"^:FORWARD (\w+)", rules, re.MULTILINE)
    return {
        "forward_policy": policy[1] if policy else "ACCEPT",
        "ip_forward": _IP_FORWARD.read_text(encoding="utf-8").strip(),
        "docker_chains": ":DOCKER " in rules,
    }


def processes_of(directory: Path) -> list[int]:
    """Return the daemons and shims whose command line names this directory."""
    mark = f"{directory}/".encode()
    return [pid for pid in _pids() if mark in _read(Path(f"/proc/{pid}/cmdline"))]


def end(pids: Iterable[int], seconds: float = 10.0) -> None:
    """Kill processes and wait until they are gone."""
    left = set(pids) - {os.getpid()}
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + seconds
    while left and time.monotonic() < deadline:
        left = {pid for pid in left if _alive(pid)}
        time.sleep(0.02)


def clear_cgroup(parent: str) -> None:
    """End what runs below a cgroup, and remove it with all below, in every hierarchy."""
    roots = [*_CGROUPS.glob(f"*/{parent}"), *_CGROUPS.glob(parent)]
    end(int(pid) for root in roots for path in root.rglob("cgroup.procs") for pid in path.read_text().split())
    for root in roots:
        for directory in [*sorted((path for path in root.rglob("*") if path.is_dir()), reverse=True), root]:
            with suppress(OSError):
                directory.rmdir()


def unmount(directory: Path) -> None:
    """Unmount everything below a directory, the last first."""
    mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    for point in reversed([mount for mount in mounts if mount.startswith(f"{directory}/")]):
        run("umount", "-l", point, check=False)


def bridges_of(data: Path) -> set[str]:
    """Return the bridges that an engine with this data directory has made: its own database names them."""
    text = _read(data / "network" / "files" / "local-kv.db")
    return {name.decode() for name in re.findall(rb'"BridgeName":"([\w.-]+)"', text)} - {"docker0"}


def clear_network(bridges: Iterable[str], *, chains: bool, forward_policy: str, ip_forward: str) -> None:
    """Remove bridges with every rule that names them; with `chains` also Docker's chains, and restore the rest."""
    names = set(bridges)
    for table in ("filter", "nat", "raw"):
        for line in run("iptables-save", "-t", table, check=False).splitlines():
            words = shlex.split(line)
            if line.startswith("-A") and names & set(words):
                run("iptables", "-t", table, "-D", *words[1:], check=False)
    try_each([("ip", "link", "delete", name) for name in names])
    if chains:
        _drop_chains()
        run("iptables", "-P", "FORWARD", forward_policy)
        _IP_FORWARD.write_text(ip_forward, encoding="utf-8")


def _drop_chains() -> None:
    for table in ("filter", "nat"):
        for line in run("iptables-save", "-t", table, check=False).splitlines():
            words = shlex.split(line)
            if line.startswith("-A") and set(words) & set(_CHAINS):
                run("iptables", "-t", table, "-D", *words[1:], check=False)
        try_each([("iptables", "-t", table, "-X", chain) for chain in _CHAINS])


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _alive(pid: int) -> bool:
    state = _read(Path(f"/proc/{pid}/stat")).rpartition(b") ")[2][:1]
    return state not in {b"", b"Z"}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
