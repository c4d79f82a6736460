"""How executions go on: told by the gateway's streams, or looked up where there are none."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from zoe.client.documents import ENDED, Document, Execution, ServerUnreachableError
from zoe.client.streams import NoStreamError
from zoe.errors import NotFoundError, StateUnavailableError

if TYPE_CHECKING:
    from zoe.client.connection import Client

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
"""Seconds between two looks at an execution."""
_LOOK_AT_ALL = 2.0
"""Seconds between two looks at all executions."""
_ACTIVE = ("submitted", "queued", "starting", "running", "cleaning up")
FORGOTTEN = "forgotten"
"""The status of an execution that was removed, for who watches it."""


def changes(client: "Client", number: int, every: float, patience: float) -> Iterator[Execution]:
    """Yield an execution now, at every change, and last when it has ended."""
    looks = Looks(client, number, patience)
    first = looks.look()
    if first is not None:
        yield first
        if first["status"] in ENDED:
            return
        # Of streams that say no more, and of an end, the API has the whole of it.
        with suppress(NoStreamError):
            yield from _told(client, first, patience)
    yield from _looked_up(looks, every)


def _told(client: "Client", known: Execution, patience: float) -> Iterator[Execution]:
    number = known["id"]
    for said in client.streams.follow(f"events/{number}", patience):
        if said.kind == FORGOTTEN:
            raise NotFoundError(f"Execution {number} was removed.")
        if said.kind != "execution":
            continue
        heard = cast("Execution", {**known, **json.loads(said.text)})
        if heard["status"] in ENDED:
            return
        yield heard


def _looked_up(looks: "Looks", every: float) -> Iterator[Execution]:
    pause, told, execution = _SHORTEST_PAUSE, time.monotonic(), looks.last
    while True:
        found = looks.look()
        pause = _SHORTEST_PAUSE if found else min(pause * 1.5, _LONGEST_PAUSE, every)
        execution = found or execution
        if execution and (found or time.monotonic() - told >= every):
            told = time.monotonic()
            yield execution
            if execution["status"] in ENDED:
                return
        time.sleep(pause)


class Looks:
    """Looks at one execution; a server that does not answer has `patience` seconds: it may be restarting."""

    def __init__(self, client: "Client", number: int, patience: float) -> None:
        self._client, self._number, self._patience = client, number, patience
        self._etag, self._heard = "", time.monotonic()
        self.last: Execution | None = None

    def look(self) -> Execution | None:
        """Return the execution if it is not as it was at the last look."""
        try:
            document, self._etag = self._client.get_changed(f"/execution/{self._number}", self._etag)
        except (ServerUnreachableError, StateUnavailableError):
            if self.last is None or time.monotonic() - self._heard > self._patience:
                raise
            return None
        self._heard = time.monotonic()
        if document is None:
            return None
        self.last = cast("Execution", document)
        return self.last


def watch(client: "Client", patience: float) -> Iterator[Execution]:
    """Yield every execution that has not ended, then each that changes, for ever; one removed is `FORGOTTEN`."""
    known: dict[int, Execution] = {}
    with suppress(NoStreamError):
        for said in client.streams.follow("events", patience):
            document = json.loads(said.text) | ({"status": FORGOTTEN} if said.kind == FORGOTTEN else {})
            known[int(document["id"])] = document
            yield document
    yield from _watch_by_looking(client, known)


def _watch_by_looking(client: "Client", known: dict[int, Execution]) -> Iterator[Execution]:
    active = {number: one for number, one in known.items() if one["status"] in _ACTIVE}
    while True:
        found = {one["id"]: one for status in _ACTIVE for one in client.executions(status=status)}
        for number in sorted(active.keys() - found.keys()):
            yield _gone(client.execution, number)
        for number in sorted(found):
            if _differs(found[number], active.get(number)):
                yield found[number]
        active = found
        time.sleep(_LOOK_AT_ALL)


def _differs(now: Mapping[str, object], before: Mapping[str, object] | None) -> bool:
    return before is None or any(before.get(key) != told for key, told in now.items() if key in before)


def _gone(look: Callable[[int], Execution], number: int) -> Execution:
    try:
        return look(number)
    except NotFoundError:
        forgotten: Document = {"id": number, "status": FORGOTTEN}
        return cast("Execution", forgotten)
