"""The images that an engine has: asked for once, and again only after the engine said that they changed."""

import threading
from collections.abc import Iterable, Mapping
from typing import Any

from backend_docker.client import Client
from backend_docker.words import SILENCE

_HUB, _HUB_OFFICIAL = "docker.io/", "docker.io/library/"
_LATEST = ":latest"
_NOTHING = "<none>"


class Shelf:
    """Remembers the names of an engine's images; used by many threads."""

    def __init__(self) -> None:
        self._names: frozenset[str] = frozenset()
        self._fresh = threading.Event()

    def changed(self) -> None:
        """Take up that the engine got an image, lost one, or gave one another name."""
        self._fresh.clear()

    def names(self, client: Client) -> frozenset[str]:
        """Return all names of all images, as far as the engine told last."""
        if not self._fresh.is_set():
            # Before the question: what changes meanwhile is asked for again.
            self._fresh.set()
            try:
                self._names = names_of(client.images())
            except SILENCE:
                self._fresh.clear()
        return self._names


def names_of(images: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return every name under which a ZApp may ask for these images."""
    found: set[str] = set()
    for image in images:
        found.add(str(image["Id"]))
        for name in (*(image.get("RepoTags") or ()), *(image.get("RepoDigests") or ())):
            if _NOTHING not in name:
                found |= _spellings(name)
    return frozenset(found)


def _spellings(name: str) -> set[str]:
    short = {name, name.removesuffix(_LATEST)} if name.endswith(_LATEST) else {name}
    if "/" not in name:
        return {prefix + one for one in short for prefix in ("", _HUB, _HUB_OFFICIAL)}
    return short if _is_host(name.partition("/")[0]) else {prefix + one for one in short for prefix in ("", _HUB)}


def _is_host(first: str) -> bool:
    return "." in first or ":" in first or first == "localhost"
