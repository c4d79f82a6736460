"""One service: from its start, or from when it is found again, to when nothing of it is left."""

import os
import time
from collections.abc import Callable
from contextlib import suppress

from . import cgroups, proc
from . import record as records
from .ending import Ending
from .house import House
from .loop import Step
from .notes import note
from .output import Output
from .record import Record
from .spawn import Order, spawn

_GRACE_OF_LEFTOVERS = 5.0  # seconds for what outlives the service's own process
_SAVE_AGAIN = 5.0  # seconds; the disk was full
LOST = "the process that watched it was lost, so its exit code is unknown"
REBOOTED = "the machine was restarted"


class Service:
    """What the keeper does for one service. `changed` is called after every change of its record."""

    def __init__(self, house: House, record: Record, changed: Callable[["Service"], None]) -> None:
        self._house = house
        self.record = record
        self.directory = house.directory_of(record.id)
        self._changed = changed
        self._ending: Ending | None = None
        self._output: Output | None = None
        self._orphaned = False
        self._watched: int | None = None
        self._when_swept: list[Step] = []
        self._waiting_for_log: list[Step] = []

    def start(self, order: Order) -> None:
        """Start its process.

        Raises:
            OSError, RefusedError, BusyError: it was not started; nothing of it is left but its directory.

        """
        records.save(self.record, self.directory)
        output = self._open_output()
        prints = output.make(order.uid)
        try:
            pid = spawn(order, prints)
        except BaseException:
            output.close()
            raise
        finally:
            os.close(prints)
        self._started(pid)

    def find_again(self) -> bool:
        """Take up a service that a keeper before us left behind; False if it never came to life."""
        self._orphaned = True
        if self.record.state == "created" and not self._identify():
            return False
        if self.record.ended and not self.record.swept:
            self._sweep(_GRACE_OF_LEFTOVERS)
        elif not self.record.ended:
            self._watch_stranger()
        return True

    def died(self, status: int) -> None:
        """Hear from the kernel that its own process has ended."""
        code = os.waitstatus_to_exitcode(status)
        self._dead(code if code >= 0 else 128 - code, None, time.time())

    def stop(self, grace: float, then: Step) -> None:
        """End all of it; call `then` once nothing of it runs."""
        if self.record.swept:
            then()
            return
        self._when_swept.append(then)
        self._sweep(grace)

    def look(self) -> None:
        """Go on ending it, if that is under way: some process has ended."""
        if self._ending is not None:
            self._ending.look()

    def when_grown(self, offset: int, then: Step) -> None:
        """Call `then` once, as soon as the log is longer than `offset` or the service has ended."""
        if self.record.ended or self._output is None or self._output.log.size > offset:
            then()
        else:
            self._waiting_for_log.append(then)

    def _open_output(self) -> Output:
        self._output = Output(self._house.loop, self.directory, self._house.log_limit, self._grown)
        return self._output

    def _started(self, pid: int) -> None:
        found = proc.stat(pid)
        self.record.pid, self.record.start_ticks = pid, found.start if found else None
        self.record.boot_id, self.record.at = proc.boot_id(), time.time()
        self.record.state = "started"
        self._house.members.add(self.record)
        self._save()

    def _identify(self) -> bool:
        """Find the process of a service whose keeper was lost between starting it and writing that down."""
        leaders = [one for one in self._members() if one.pid == one.session]
        if leaders:
            first = min(leaders, key=lambda one: one.start)
            self.record.pid, self.record.start_ticks = first.pid, first.start
            self.record.boot_id, self.record.at = proc.boot_id(), time.time()
            self.record.state = "started"
            self._save()
        return bool(leaders)

    def _watch_stranger(self) -> None:
        """Watch a process that is not our child; the descriptor is opened first, so that it is this very process."""
        record = self.record
        with suppress(OSError):
            self._open_output().read()
        with suppress(OSError):
            self._watched = os.pidfd_open(record.pid or 0)
        if self._watched is not None and proc.is_alive(record.pid, record.start_ticks, record.boot_id):
            self._house.members.add(record)
            self._house.loop.on_readable(self._watched, self._stranger_died)
            return
        self._close_watched()
        self._dead(None, LOST if record.boot_id == proc.boot_id() else REBOOTED, None)

    def _stranger_died(self) -> None:
        assert self._watched is not None  # noqa: S101 - it is what called us
        self._house.loop.forget(self._watched)
        self._close_watched()
        self._dead(None, LOST, time.time())

    def _close_watched(self) -> None:
        if self._watched is not None:
            os.close(self._watched)
            self._watched = None

    def _dead(self, code: int | None, reason: str | None, at: float | None) -> None:
        if self._output is not None:
            self._output.drain()
        out_of_memory = code != 0 and cgroups.ran_out_of_memory(self.record.group_paths)
        self.record.state = "oom-killed" if out_of_memory else "dead"
        self.record.exit_code, self.record.at = code, at
        self.record.reason = _too_much(self.record.memory_limit) if out_of_memory else reason
        self._sweep(_GRACE_OF_LEFTOVERS)
        if not self.record.swept:
            self._save()
            self._changed(self)
        self._grown()

    def _sweep(self, grace: float) -> None:
        if self._ending is None:
            self._ending = Ending(self._house.loop, self._members, self._swept)
        self._ending.begin(grace)

    def _members(self) -> list[proc.Stat]:
        return self._house.members.of(self.record, orphaned=self._orphaned)

    def _swept(self) -> None:
        """Nothing runs: but its own process may be a zombie whose exit code we have yet to be told."""
        if not self.record.ended:
            self._ending = None
            return
        if self._output is not None:
            self._output.close()
            self._output = None
        cgroups.drop(self.record.group_paths)
        self._house.members.discard(self.record)
        self.record.swept = True
        self._save()
        self._changed(self)
        waiting, self._when_swept = self._when_swept, []
        for then in waiting:
            then()

    def _grown(self) -> None:
        waiting, self._waiting_for_log = self._waiting_for_log, []
        for then in waiting:
            then()

    def _save(self) -> None:
        """Write the record; while the disk is full it is known to us alone."""
        try:
            records.save(self.record, self.directory)
        except FileNotFoundError:
            return  # removed meanwhile
        except OSError as error:
            note(f"service {self.record.id}: its record cannot be written: {error}")
            self._house.loop.after(_SAVE_AGAIN, self._save)


def _too_much(limit: int | None) -> str:
    amount = f" of {limit / 1024**2:,.0f} MiB" if limit else ""
    return f"it needed more memory than its limit{amount}, so the kernel ended it; give it more"
