"""Fetching images: one fetch of an image at a time on an engine, however many services wait for it."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from docker.errors import APIError
from docker.utils import parse_repository_tag

from backend_docker.client import Client
from backend_docker.progress import PullProgress
from backend_docker.words import is_disk_full, said
from zoe.errors import BackendBusyError, BackendRefusedError

Tell = Callable[[str], None]


@dataclass(slots=True)
class _Fetch:
    """One that is under way; of each execution one service hears of it."""

    end: Future[None] = field(default_factory=Future)
    listeners: dict[int, Tell] = field(default_factory=dict)
    latest: str | None = None


class Pulls:
    """The fetches under way on one engine; each is done by the thread that asked first."""

    def __init__(self) -> None:
        self._running: dict[str, _Fetch] = {}
        self._lock = threading.Lock()

    def fetch(self, client: Client, image: str, execution: int, tell: Tell) -> None:
        """Fetch an image, or wait for who does; `tell` hears how far it is.

        Raises:
            BackendBusyError: the engine has no room for it.
            BackendRefusedError: it cannot be had.

        """
        with self._lock:
            first = image not in self._running
            fetch = self._running.setdefault(image, _Fetch())
            late = fetch.latest if fetch.listeners.setdefault(execution, tell) is tell else None
        if not first:
            if late:
                tell(late)
            return fetch.end.result()
        try:
            _pull(client, image, lambda sentence: self._spread(fetch, sentence))
            fetch.end.set_result(None)
        except BaseException as error:
            fetch.end.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._running[image]

    def _spread(self, fetch: _Fetch, sentence: str) -> None:
        with self._lock:
            fetch.latest = sentence
            listeners = list(fetch.listeners.values())
        for tell in listeners:
            tell(sentence)


def _pull(client: Client, image: str, tell: Tell) -> None:
    repository, tag = parse_repository_tag(image)
    progress = PullProgress(image, time.monotonic())
    entry: dict[str, Any]
    try:
        for entry in client.pull(repository, tag=tag or "latest", stream=True, decode=True):
            if "error" in entry:
                raise _refusal(image, str(entry["error"]))
            _told(progress.take(entry, time.monotonic()), tell)
    except APIError as error:
        raise _refusal(image, said(error)) from error
    _told(progress.done(time.monotonic()), tell)


def _told(sentence: str | None, tell: Tell) -> None:
    if sentence:
        tell(sentence)


def _refusal(image: str, words: str) -> BackendBusyError | BackendRefusedError:
    if is_disk_full(words):
        return BackendBusyError(f"the disk is too full for the image {image}: {words}")
    return BackendRefusedError(f"the image {image} cannot be fetched: {words}")
