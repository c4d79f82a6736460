"""Slots: 500 one-second processes on 50 slots; how soon a free slot is used again.

The processes are plain `sleep 1`: to have them write down their own times would cost as much as starting them. Instead
the bench listens to the keeper, as Zoe does: `at` of a record is when exec had succeeded. A process ends one second
after that (give or take how late the keeper looks at its clock); the k-th end frees the slot of the (50 + k)-th
beginning, and `refill_*` are the times between. So everything counts: the kernel's report of the death, the keeper,
the master, its commit, the next exec.

All are submitted before the first runs: an execution that holds every slot is stopped then.
`slots`: the most that surely ran at a time; `failed`: executions that did not end well;
`first_wave_ms`: what the first 50 starts took.
"""

import threading
import time
from argparse import ArgumentParser, Namespace
from itertools import accumulate
from pathlib import Path

from backend_process.link import KeeperLink
from bench.connection import Connection, order, zapp
from bench.report import Figure, main, percentile
from bench.served import data_directory, serve

_SHARE = 0.1  # cores of each
_SECONDS = 1.0
_LATE = 0.05  # seconds that the keeper may be late to look at its clock
_PATIENCE = 300.0


class Listener:
    """Hears from the keeper when each execution's one process began, and that it has ended."""

    def __init__(self, data_dir: Path) -> None:
        self.begins: dict[int, float] = {}
        self._ended: set[int] = set()
        self._changed = threading.Condition()
        self._connection = KeeperLink(data_dir / "process", "bench", 1 << 20).connect()
        self._connection.ask({"do": "watch"}, timeout=None)
        threading.Thread(target=self._listen, daemon=True).start()

    def wait(self, executions: set[int]) -> None:
        """Wait until the processes of all these have ended.

        Raises:
            RuntimeError: they take too long.

        """
        with self._changed:
            if not self._changed.wait_for(lambda: executions <= self._ended, _PATIENCE):
                raise RuntimeError(f"{len(executions - self._ended)} executions have not ended")

    def _listen(self) -> None:
        while True:
            try:
                record = self._connection.hear()["changed"]
            except (OSError, ValueError):
                return  # `zoe serve` and its keeper are stopped
            if record["state"] == "started":
                self.begins[record["execution_id"]] = record["at"]
            else:
                with self._changed:
                    self._ended.add(record["execution_id"])
                    self._changed.notify()


def options(parser: ArgumentParser) -> None:
    """Say how many."""
    parser.add_argument("--slots", type=int, default=50)
    parser.add_argument("--executions", type=int, default=500)


def measure(arguments: Namespace) -> dict[str, Figure]:
    """Run them all."""
    machine = {"ZOE_PLUGINS__PROCESS__CORES": f"{arguments.slots * _SHARE:g}"}
    with data_directory() as directory, serve(directory, machine) as served:
        connection = served.connect()
        gate, executions = _wait_behind(connection, arguments)
        listener = Listener(directory)
        connection.stop(gate)
        listener.wait(executions)
        connection.until_idle(60.0)
        done = {int(id_) for id_ in connection.get("/execution?status=terminated")}
    begins = sorted(listener.begins[id_] for id_ in executions & done)
    refills = gaps(begins, arguments.slots, _SECONDS)
    return {
        "refill_p95_ms": Figure(percentile(refills, 95) * 1e3, "ms", "below 100"),
        "refill_p50_ms": Figure(percentile(refills, 50) * 1e3, "ms"),
        "refill_max_ms": Figure(max(refills) * 1e3, "ms"),
        "first_wave_ms": Figure((begins[arguments.slots - 1] - begins[0]) * 1e3, "ms"),
        "slots": Figure(most_at_once(begins, _SECONDS - _LATE), ""),
        "failed": Figure(len(executions - done), "", "0"),
        "seconds": Figure(begins[-1] - begins[0] + _SECONDS, "s"),
    }


def gaps(begins: list[float], slots: int, lasts: float) -> list[float]:
    """Return how long each slot that came free was unused; `begins` are sorted, each runs for `lasts` seconds."""
    return [begin - (earlier + lasts) for earlier, begin in zip(begins, begins[slots:], strict=False)]


def most_at_once(begins: list[float], lasts: float) -> int:
    """Return the most that ran at a time."""
    steps = sorted([(begin, 1) for begin in begins] + [(begin + lasts, -1) for begin in begins])
    return max(accumulate(step for _, step in steps))


def _wait_behind(connection: Connection, arguments: Namespace) -> tuple[int, set[int]]:
    """Fill every slot with one execution and let the others queue behind it; return its id, and theirs."""
    gate = connection.submit(order(zapp("sleep 3600", cores=arguments.slots * _SHARE), "gate"))
    connection.until(gate, "running")
    body = order(zapp(["sleep", f"{_SECONDS:g}"], cores=_SHARE))
    executions = {connection.submit(body) for _ in range(arguments.executions)}
    connection.until(max(executions), "queued")
    time.sleep(1.0)  # the last pass over the queue is none of the processes' business
    return gate, executions


if __name__ == "__main__":
    main("slots", "500 one-second processes on 50 slots: how soon a free slot is used again", measure, options)
