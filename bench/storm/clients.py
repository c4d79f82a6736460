"""Those who submit: many at once, in processes of their own, and none of them gives up when the service is away."""

import json
import multiprocessing
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.connection import Connection
from bench.storm.service import Service

_PROCESSES = 4
_OUTAGE = (OSError, HTTPException, RuntimeError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one submission was answered: its execution, the name it gave, how long it took in seconds.

    `interrupted`: the service went away meanwhile, so the time tells nothing of it.
    """

    execution: int
    name: str
    seconds: float
    interrupted: bool


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many clients, and what they submit: the body `order`, so many times, named storm-0 and on."""

    clients: int
    executions: int
    order: Mapping[str, Any]

    def submit(self, data_dir: Path) -> list[Answer]:
        """Submit everything."""
        shares = [range(number, self.executions, self.clients) for number in range(self.clients)]
        context = multiprocessing.get_context("spawn")
        groups = [shares[number::_PROCESSES] for number in range(_PROCESSES)]
        with context.Pool(_PROCESSES) as pool:
            found = pool.starmap(_group, [(data_dir, self.order, group) for group in groups])
        return [answer for one in found for answer in one]


def _group(data_dir: Path, order: Mapping[str, Any], shares: Sequence[range]) -> list[Answer]:
    with ThreadPoolExecutor(max(1, len(shares))) as pool:
        found = pool.map(lambda share: _Client(Service(data_dir, {}), order).submit_all(share), shares)
        return [answer for one in found for answer in one]


class _Client:
    def __init__(self, service: Service, order: Mapping[str, Any]) -> None:
        self._service, self._order = service, order
        self._connection = service.connect()

    def submit_all(self, share: range) -> list[Answer]:
        return [self._submit(f"storm-{number}") for number in share]

    def _submit(self, name: str) -> Answer:
        body = json.dumps({**self._order, "name": name}).encode()
        began, interrupted = time.perf_counter(), False
        while True:
            try:
                execution = self._known(self._connection, name) if interrupted else None
                execution = execution or self._connection.submit(body)
                return Answer(execution, name, time.perf_counter() - began, interrupted)
            except _OUTAGE:
                interrupted = True
                self._connection = self._service.connect()

    @staticmethod
    def _known(connection: Connection, name: str) -> int | None:
        """Return the execution that was submitted before the answer was lost, if it was."""
        return next((int(id_) for id_ in connection.get(f"/execution?name={quote(name)}")), None)


def probe(data_dir: Path, seconds: "multiprocessing.Queue[float]", over: Any, pause: float) -> None:
    """Ask for the state of the scheduler every `pause` seconds, as a page does, and tell how long each answer took."""
    service = Service(data_dir, {})
    connection = service.connect()
    while not over.wait(pause):
        began = time.perf_counter()
        try:
            connection.get("/info")
            seconds.put(time.perf_counter() - began)
        except _OUTAGE:
            connection = service.connect()
