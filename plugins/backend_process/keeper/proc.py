"""Reading /proc: who a process is, whose child it is, which service it belongs to. What has gone gives nothing."""

# ruff: noqa: PTH123, PTH208 - read so often that the cost of a Path shows

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PROC = Path("/proc")
MARK = "ZOE_SERVICE_KEY"
"""Every process of a service carries this variable, unless it takes pains to lose it."""


@dataclass(frozen=True, slots=True)
class Stat:
    """Some fields of /proc/PID/stat; `start` in clock ticks since boot, `cpu` in clock ticks, `memory` in pages."""

    pid: int
    state: str
    parent: int
    session: int
    start: int
    cpu: int
    memory: int

    @property
    def alive(self) -> bool:
        """Tell whether it still runs: a zombie waits for its parent only."""
        return self.state not in "ZXx"


@cache
def boot_id() -> str:
    """Return what tells this start of the machine from all others."""
    return (PROC / "sys/kernel/random/boot_id").read_text().strip()


def stat(pid: int) -> Stat | None:
    """Return the facts of a process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except OSError:
        return None
    # The name stands in parentheses and may hold anything, parentheses too.
    rest = text[text.rindex(b")") + 2 :].split()
    number = [0, *map(int, rest[1:22])]
    return Stat(pid, rest[0].decode(), number[1], number[3], number[19], sum(number[11:15]), number[21])


def is_alive(pid: int | None, start: int | None, boot: str | None) -> bool:
    """Tell whether this very process still runs: the same number may be somebody else by now."""
    found = stat(pid) if pid is not None and boot == boot_id() else None
    return found is not None and found.start == start and found.alive


def mark_of(pid: int) -> str | None:
    """Return the service key in the environment of a process."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            environment = file.read()
    except OSError:
        return None
    wanted = f"{MARK}=".encode()
    values = (entry[len(wanted) :] for entry in environment.split(b"\0") if entry.startswith(wanted))
    return next((value.decode(errors="replace") for value in values), None)


def children(pid: int) -> list[int]:
    """Return the children of a process, of all its threads."""
    found: list[int] = []
    for thread in _threads(pid):
        try:
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += map(int, file.read().split())
        except OSError:
            continue
    return found


def descendants(pids: Iterable[int]) -> set[int]:
    """Return these processes and all below them."""
    found: set[int] = set()
    todo = list(pids)
    while todo:
        pid = todo.pop()
        if pid not in found:
            found.add(pid)
            todo += children(pid)
    return found


def all_stats() -> Iterator[Stat]:
    """Yield every process of the machine."""
    for name in os.listdir(PROC):
        found = stat(int(name)) if name.isdigit() else None
        if found is not None:
            yield found


def _threads(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
