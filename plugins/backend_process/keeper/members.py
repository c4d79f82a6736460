"""Which processes belong to a service: its own process, all below it, and what fled from it."""

import os

from . import cgroups
from .proc import Stat, all_stats, boot_id, children, descendants, is_alive, mark_of, stat
from .record import Record


class Members:
    """Finds the processes of services.

    The keeper is a child subreaper: whoever loses its parent, by a double fork say, becomes the keeper's own child.
    So all processes of its services are below it, and looking at its own children finds those that fled.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._mains: dict[int, int] = {}  # pid of a service's own process -> id of the service

    def mark(self, service: int) -> str:
        """Return what the environment of a service is marked with."""
        return f"{self._key}/{service}"

    def add(self, record: Record) -> None:
        """Remember whose own process this is: until all of its session has gone, not only itself."""
        if record.pid is not None:
            self._mains[record.pid] = record.id

    def discard(self, record: Record) -> None:
        """Forget the process of a service of which nothing runs."""
        if record.pid is not None and self._mains.get(record.pid) == record.id:
            del self._mains[record.pid]

    def of(self, record: Record, *, orphaned: bool) -> list[Stat]:
        """Return the living processes of a service; `orphaned`: a keeper before us started it, look everywhere."""
        roots = self._everywhere(record) if orphaned else self._below_us(record)
        roots |= cgroups.members(record.group_paths)
        found = (stat(pid) for pid in descendants(roots) - {os.getpid()})
        return [process for process in found if process is not None and process.alive]

    def strangers(self) -> list[int]:
        """Return the children of ours that are no service's own process."""
        return [pid for pid in children(os.getpid()) if pid not in self._mains]

    def _below_us(self, record: Record) -> set[int]:
        own = children(os.getpid())
        return {pid for pid in own if pid == record.pid or self._belongs(pid, record)}

    def _belongs(self, pid: int, record: Record) -> bool:
        if pid in self._mains:
            return False
        mark = mark_of(pid)
        if mark is not None:
            return mark == self.mark(record.id)
        process = stat(pid)
        return process is not None and process.session == record.pid

    def _everywhere(self, record: Record) -> set[int]:
        if record.boot_id is not None and record.boot_id != boot_id():
            return set()
        # The number of a process that is gone may be somebody else's session by now: then only the mark counts.
        session = record.pid if is_alive(record.pid, record.start_ticks, record.boot_id) else None
        return {
            process.pid
            for process in all_stats()
            if process.session == session or mark_of(process.pid) == self.mark(record.id)
        }
