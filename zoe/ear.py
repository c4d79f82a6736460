"""To be woken by changes: the gateway's stream of one execution, heard in a thread; without one, waiting is all."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import httpx

_WORTH_IT = 3.0
"""Seconds of waiting after which a stream is opened: what is over sooner needs none."""
_TRUST = 5.0
"""Seconds between two looks of one's own while the stream is heard."""


class Ear:
    """Waits for changes of one execution. `gateway` tells its URL, or None; it is asked once, if at all."""

    def __init__(self, gateway: Callable[[], str | None], headers: Mapping[str, str], execution: int) -> None:
        self._gateway, self._headers, self._execution = gateway, dict(headers), execution
        self._began = time.monotonic()
        self._changed, self._closed = threading.Event(), threading.Event()
        self._hearing = False
        self._thread: threading.Thread | None = None

    def wait(self, seconds: float, most: float) -> None:
        """Wait until something has changed; for `seconds`, or, while changes are heard, for longer, up to `most`."""
        if self._thread is None and time.monotonic() - self._began > _WORTH_IT:
            self._thread = threading.Thread(target=self._hear, name="changes", daemon=True)
            self._thread.start()
        self._changed.wait(min(_TRUST, most) if self._hearing else seconds)
        self._changed.clear()

    def close(self) -> None:
        """Hear no more."""
        self._closed.set()

    def _hear(self) -> None:
        with suppress(Exception):  # whoever waits looks for himself, too
            if gateway := self._gateway():
                self._follow(f"{gateway}/_zoe/events/{self._execution}")
        self._hearing = False

    def _follow(self, url: str) -> None:
        timeout = httpx.Timeout(10, read=60)
        with httpx.stream("GET", url, headers=self._headers, timeout=timeout, trust_env=False) as answer:
            if answer.status_code != 200:
                return
            self._hearing = True
            for line in answer.iter_lines():
                if self._closed.is_set():
                    return
                if line.startswith("event:"):
                    self._changed.set()
