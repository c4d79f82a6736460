"""How far the fetch of an image is, in a few sentences: engines tell it hundreds of times. Pure."""

from collections.abc import Mapping
from typing import Any

_MB = 1e6
_STEP = 10
"""Percent points between two sentences."""
_PAUSE = 2.0
"""Seconds between two sentences, at least."""


class PullProgress:
    """Adds up the layers of one image. The whole becomes known only while it comes, so that it may seem to go back."""

    def __init__(self, image: str, began: float) -> None:
        self._image = image
        self._began = began
        self._layers: dict[str, tuple[int, int]] = {}
        self._told: tuple[int, float] | None = None

    def take(self, said: Mapping[str, Any], now: float) -> str | None:
        """Take up what the engine says of a layer; return a sentence if one is due. `now`: seconds."""
        detail = said.get("progressDetail") or {}
        if said.get("status") == "Downloading" and detail.get("total"):
            self._layers[said["id"]] = int(detail.get("current") or 0), int(detail["total"])
        elif said.get("status") in {"Download complete", "Pull complete"} and said.get("id") in self._layers:
            whole = self._layers[said["id"]][1]
            self._layers[said["id"]] = whole, whole
        return self._sentence(now) if self._layers else None

    def done(self, now: float) -> str | None:
        """Return the last sentence; None: nothing was downloaded."""
        if not self._layers:
            return None
        return f"pulled its image {self._image}: {self._sums()[1]:.0f} MB in {now - self._began:.0f} s"

    def _sentence(self, now: float) -> str | None:
        have, whole = self._sums()
        percent = int(100 * have / whole) if whole else 0
        if self._told and (percent < self._told[0] + _STEP or now < self._told[1] + _PAUSE):
            return None
        self._told = percent, now
        return f"pulling its image {self._image}: {percent} %, {have:.0f} of {whole:.0f} MB"

    def _sums(self) -> tuple[float, float]:
        return sum(have for have, _ in self._layers.values()) / _MB, sum(
            all_ for _, all_ in self._layers.values()
        ) / _MB
