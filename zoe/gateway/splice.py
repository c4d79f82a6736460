"""Two connections made one: what comes from either side goes to the other, no faster than that one takes it."""

import asyncio
from collections.abc import Callable


class Side(asyncio.Protocol):
    """One side of a spliced pair; `seen` is shown what comes from it."""

    def __init__(self, seen: Callable[[bytes], None] | None = None) -> None:
        self.transport: asyncio.Transport | None = None
        self.other: Side | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._seen = seen

    def join(self, other: "Side") -> None:
        """From now on send to the other what comes from this side, and the other way round."""
        self.other, other.other = other, self
        for side in (self, other):
            if side.done.done():
                self.close()

    def close(self) -> None:
        """Close both sides; what was written already still goes out."""
        for side in (self, self.other):
            if side is not None and side.transport is not None:
                side.transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be there."""
        assert isinstance(transport, asyncio.Transport) or hasattr(transport, "pause_reading")  # noqa: S101 - for mypy
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Pass it on."""
        if self._seen is not None:
            self._seen(data)
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        """Let the other side wait until this one has taken what there is."""
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on."""
        if self.other is not None and self.other.transport is not None and not self.other.transport.is_closing():
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the library's form
        """End the other side too."""
        if not self.done.done():
            self.done.set_result(None)
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()
