"""Fetching images: one fetch of an image at a time on an engine, however many services wait for it."""

import threading
from concurrent.futures import Future
from typing import Any

from docker.utils import parse_repository_tag

from backend_docker.client import Client
from zoe.errors import BackendRefusedError


class Pulls:
    """The fetches under way on one engine; each is done by the thread that asked first."""

    def __init__(self) -> None:
        self._running: dict[str, Future[None]] = {}
        self._lock = threading.Lock()

    def fetch(self, client: Client, image: str) -> None:
        """Fetch an image, or wait for who does.

        Raises:
            BackendRefusedError: it cannot be had.

        """
        with self._lock:
            running = self._running.get(image)
            mine = self._running.setdefault(image, Future())
        if running is not None:
            return running.result()
        try:
            _pull(client, image)
            mine.set_result(None)
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._running[image]


def _pull(client: Client, image: str) -> None:
    repository, tag = parse_repository_tag(image)
    said: dict[str, Any]
    for said in client.pull(repository, tag=tag or "latest", stream=True, decode=True):
        if "error" in said:
            raise BackendRefusedError(f"the image {image} cannot be fetched: {said['error']}")
