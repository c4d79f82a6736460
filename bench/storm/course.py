"""The course of a storm: everything submitted at once, kills in the middle, and the reckoning."""

import multiprocessing
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

from bench.report import Figure, percentile
from bench.storm.clients import Answer, Crowd, probe
from bench.storm.service import Service

_LOOK = 0.2
_PATIENCE = 3600.0
_OUTAGE = (OSError, HTTPException, RuntimeError)


@dataclass(slots=True)
class Storm:
    """One storm over a running service.

    `kills`: how often the service is killed while it works; `probe_seconds`: how often somebody else asks it something.
    """

    service: Service
    crowd: Crowd
    kills: int = 0
    probe_seconds: float = 0.2
    answers: list[Answer] = field(default_factory=list)
    api: list[float] = field(default_factory=list)
    ended: dict[int, dict[str, Any]] = field(default_factory=dict)

    def rage(self) -> None:
        """Submit, and wait until the last has ended."""
        context = multiprocessing.get_context("spawn")
        seconds, over = context.Queue(), context.Event()
        prober = context.Process(
            target=probe, args=(self.service.data_dir, seconds, over, self.probe_seconds), daemon=True
        )
        listener = threading.Thread(target=self._listen, args=(seconds,), daemon=True)
        prober.start()
        listener.start()
        submitting = threading.Thread(target=self._submit)
        submitting.start()
        self._kill_now_and_then()
        submitting.join()
        self._until_idle()
        over.set()
        prober.join()
        seconds.put(-1.0)
        listener.join()
        self.ended = {int(id_): one for id_, one in self.service.connect().get("/execution").items()}

    def figures(self, ran: Counter[int]) -> dict[str, Figure]:
        """Return what every storm tells; `ran`: how often each execution ran, by the books of those who ran it."""
        ours = {answer.execution: answer.name for answer in self.answers}
        good = {id_ for id_, one in self.ended.items() if one["status"] == "terminated"}
        last = max((one["time_end"] or 0.0 for one in self.ended.values()), default=0.0)
        first = min((one["time_submit"] for one in self.ended.values()), default=0.0)
        took = [answer.seconds for answer in self.answers if not answer.interrupted]
        names = Counter(one["name"] for one in self.ended.values())
        lost = sum(id_ not in good or not ran[id_] or self.ended[id_]["name"] != name for id_, name in ours.items())
        doubled = sum(times > 1 for times in names.values()) + sum(times > 1 for times in ran.values())
        return {
            "lost": Figure(lost + self.crowd.executions - len(ours), "", "0"),
            "doubled": Figure(doubled, "", "0"),
            "submit_p99_ms": Figure(percentile(took, 99) * 1e3, "ms", "below 250"),
            "rate_per_s": Figure(len(ours) / (last - first), "1/s"),
            "rss_mb": Figure(self.service.rss / 1e6, "MB", "below 300"),
            "api_p99_ms": Figure(percentile(self.api, 99) * 1e3, "ms", "below 100"),
            "kills": Figure(self.kills, ""),
        }

    def _submit(self) -> None:
        self.answers = self.crowd.submit(self.service.data_dir)

    def _listen(self, seconds: "multiprocessing.Queue[float]") -> None:
        while (took := seconds.get()) >= 0:
            self.api.append(took)

    def _kill_now_and_then(self) -> None:
        """Kill at equal steps of the way, as the number of ended executions tells it."""
        for number in range(1, self.kills + 1):
            share = number / (self.kills + 1)
            while self._done() < share * self.crowd.executions:
                time.sleep(_LOOK)
            self.service.kill()

    def _done(self) -> int:
        with suppress(*_OUTAGE):
            at = self.service.connect().get("/statistics/scheduler")
            left = sum(int(at[key]) for key in ("queue_length", "running_length", "termination_queue_length"))
            newest = self.service.connect().get("/execution?limit=1")
            return max(map(int, newest), default=0) - left
        return 0

    def _until_idle(self) -> None:
        self.service.connect().until_idle(_PATIENCE)
