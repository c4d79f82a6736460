"""All services of one data directory."""

import os
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from . import cgroups, proc
from .house import House
from .loop import Step
from .record import Record, load
from .service import Service
from .spawn import BusyError, Order


class Services:
    """Starts, finds, ends and forgets services; `changed` hears of every change of one's record."""

    def __init__(self, house: House, changed: Callable[[Record], None]) -> None:
        self._house = house
        self._changed = changed
        self._all: dict[int, Service] = {}
        self._open: set[int] = set()  # those of which something may run

    def load(self) -> None:
        """Find what a keeper before us left behind."""
        for directory in sorted((self._house.directory / "services").iterdir()):
            record = load(directory)
            if record is None or not self._found(Service(self._house, record, self._on_change)):
                shutil.rmtree(directory, ignore_errors=True)

    def start(self, wanted: dict[str, object]) -> Record:
        """Start a service, or find it if it is there.

        Raises:
            RefusedError: it can never start.
            BusyError: it cannot start now.

        """
        number = int(str(wanted["id"]))
        if number not in self._all:
            self._start(number, wanted)
        return self._all[number].record

    def stop(self, service: int, grace: float, then: Step) -> None:
        """End a service; call `then` once nothing of it runs. What is not there is ended."""
        if service in self._all:
            self._all[service].stop(grace, then)
        else:
            then()

    def remove(self, service: int, then: Step) -> None:
        """End a service if it runs, put its directory where Zoe deletes it, and call `then`."""

        def forget() -> None:
            with suppress(FileNotFoundError):
                self._house.directory_of(service).rename(self._house.trash_of(service))
            self._all.pop(service, None)
            self._open.discard(service)
            then()

        self.stop(service, 0.0, forget)

    def when_grown(self, service: int, offset: int, then: Step) -> None:
        """Call `then` once the log of a service is longer than `offset`, or it has ended."""
        if service in self._all:
            self._all[service].when_grown(offset, then)
        else:
            then()

    def record_of(self, service: int) -> Record | None:
        """Return what is known of a service."""
        return self._all[service].record if service in self._all else None

    def records(self) -> list[Record]:
        """Return what is known of all services."""
        return [service.record for service in self._all.values()]

    @property
    def idle(self) -> bool:
        """Tell whether nothing of any service runs."""
        return not self._open

    def reap(self) -> None:
        """Learn from the kernel which children have ended, and tell the services."""
        by_pid = {self._all[number].record.pid: number for number in self._open}
        for pid, status in iter(_ended_child, None):
            if pid in by_pid:
                self._all[by_pid[pid]].died(status)
        for number in list(self._open):
            self._all[number].look()
        if self.idle:
            self._end_strangers()

    def _found(self, service: Service) -> bool:
        number = service.record.id
        self._all[number] = service
        self._open.add(number)
        kept = service.find_again()
        if not kept:
            del self._all[number]
        if not kept or service.record.swept:
            self._open.discard(number)
        return kept

    def _start(self, number: int, wanted: dict[str, object]) -> None:
        record = Record(number, int(str(wanted["execution_id"])), str(wanted["name"]))
        service = Service(self._house, record, self._on_change)
        try:
            self._make_directories(service.directory, wanted)
            service.start(self._order(service, wanted))
        except OSError as error:
            self._undo(service)
            raise BusyError(f"the service's directory or limits cannot be made: {error}") from error
        except BaseException:
            self._undo(service)
            raise
        self._all[number] = service
        self._open.add(number)
        self._changed(record)

    def _undo(self, service: Service) -> None:
        shutil.rmtree(service.directory, ignore_errors=True)
        cgroups.drop(service.record.group_paths)

    def _order(self, service: Service, wanted: dict[str, object]) -> Order:
        cores, memory, uid = wanted.get("cores"), wanted.get("memory"), wanted.get("uid")
        environment = dict(wanted["environment"])  # type: ignore[call-overload]
        environment[proc.MARK] = self._house.members.mark(service.record.id)
        service.record.memory_limit = int(str(memory)) if memory is not None else None
        groups = self._house.cgroups.make(
            service.record.id, float(str(cores)) if cores is not None else None, service.record.memory_limit
        )
        service.record.groups = [str(group) for group in groups]
        return Order(
            words=list(wanted["words"]),  # type: ignore[call-overload]
            environment=environment,
            directory=str(wanted.get("directory") or service.directory / "work"),
            uid=int(str(uid)) if uid is not None else None,
            groups=[group / "cgroup.procs" for group in groups],
        )

    def _make_directories(self, directory: Path, wanted: dict[str, object]) -> None:
        uid = wanted.get("uid")
        directory.mkdir(mode=0o700)
        for name in ("work", "tmp"):
            (directory / name).mkdir(mode=0o700)
            if uid is not None:
                os.chown(directory / name, int(str(uid)), int(str(uid)))
        if uid is not None:
            directory.chmod(0o711)

    def _on_change(self, service: Service) -> None:
        if service.record.swept:
            self._open.discard(service.record.id)
        self._changed(service.record)

    def _end_strangers(self) -> None:
        """End who fled from a service and lost its mark as well: no service runs, so it can belong to none."""
        for pid in self._house.members.strangers():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _ended_child() -> tuple[int, int] | None:
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, status) if pid else None
