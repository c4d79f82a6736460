"""The gateway's streams of changes and logs: server-sent events, taken up again where they broke off."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import httpx

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
"""Seconds between two attempts at a stream that broke off."""
_SILENCE = 45.0
"""Seconds without any byte after which a stream counts as broken: the gateway gives a sign of life every 15."""
_OPEN = "the stream is open"
_NOT_JUST_NOW = frozenset({429, 500, 502, 503, 504})


class NoStreamError(Exception):
    """There is no stream to be had, or no more: the API has to be asked, and says what is wrong if anything is."""


@dataclass(frozen=True, slots=True)
class Said:
    """One event; `number` is what the stream goes on after."""

    kind: str
    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Way:
    """Where the gateway is, and what shows it who asks."""

    url: str
    headers: Mapping[str, str]


class _Breaks:
    """How long to wait between attempts, and when to give up."""

    def __init__(self, patience: float) -> None:
        self._patience, self._pause = patience, _SHORTEST_PAUSE
        self._since: float | None = None

    def over(self, said: Said) -> None:
        """Take note that there is a connection again, or an event."""
        self._since = None
        if said.kind != _OPEN:
            self._pause = _SHORTEST_PAUSE

    def wait(self) -> None:
        """Wait before the next attempt; raises `NoStreamError` where that is no use any more."""
        self._since = self._since or time.monotonic()
        if time.monotonic() - self._since > self._patience:
            raise NoStreamError
        time.sleep(self._pause)
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)


class Streams:
    """Follows streams. `way` tells where they are, or None; it is asked anew after a break, for Zoe may have moved."""

    def __init__(self, way: Callable[[], Way | None]) -> None:
        self._way = way

    def follow(self, path: str, patience: float) -> Iterator[Said]:
        """Yield the events of `/_zoe/<path>` until it ends; after a break it is tried again for `patience` seconds.

        Raises:
            NoStreamError: there is none, or it does not come back.

        """
        last, breaks = "", _Breaks(patience)
        while True:
            try:
                for said in self._connect(path, last):
                    breaks.over(said)
                    last = said.number or last
                    if said.kind != _OPEN:
                        yield said
            except httpx.TransportError as error:
                # Before the first word it was never there; a gateway behind a wrong address is not worth waiting for.
                if not last:
                    raise NoStreamError from error
            if not last:
                return
            breaks.wait()

    def _connect(self, path: str, last: str) -> Iterator[Said]:
        way = self._way()
        if way is None:
            raise NoStreamError if not last else httpx.ConnectError("nobody knows where")
        headers = {**way.headers, **({"Last-Event-ID": last} if last else {})}
        timeout = httpx.Timeout(10, read=_SILENCE)
        address = f"{way.url}/_zoe/{path}"
        with httpx.stream("GET", address, headers=headers, timeout=timeout, trust_env=False) as answer:
            if answer.status_code in _NOT_JUST_NOW and last:
                raise httpx.ConnectError("not just now")
            if answer.status_code != 200:
                raise NoStreamError
            yield Said(_OPEN, "", "")
            yield from events(answer.iter_text())


def events(pieces: Iterator[str]) -> Iterator[Said]:
    """Read events out of a stream's text, however it is cut into pieces."""
    buffer, fields = "", dict[str, list[str]]()
    for piece in pieces:
        # Not `splitlines`: a log may hold characters that count as line ends there, and do not here.
        *lines, buffer = (buffer + piece).split("\n")
        for line in lines:
            if line:
                name, _, text = line.partition(":")
                fields.setdefault(name, []).append(text.removeprefix(" "))
                continue
            if "event" in fields:
                yield Said(fields["event"][-1], fields.get("id", [""])[-1], "\n".join(fields.get("data", ())))
            fields = {}
