"""Where targets are dialled: asked of the backend once for each, on a few threads, and kept while the service lives."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from zoe.gateway.table import Target
from zoe.plugin import Address, Handle

_THREADS = 4
_MOST = 20_000
_SURE = 1.0
"""Second. What starts is dialled in vain again and again: the backend need not be asked each time."""


class AddressBook:
    """Knows the addresses of targets. Belongs to one event loop."""

    def __init__(self, ask: Callable[[Handle, int], Address]) -> None:
        self._ask = ask
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="address")
        self._known: dict[tuple[str, int], tuple[Address, float]] = {}

    def close(self) -> None:
        """Let go of the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def of(self, handle: str, port: int) -> Address:
        """Return where a port of a service is dialled.

        Raises:
            OSError: the backend does not know, or does not answer.

        """
        known = self._known.get((handle, port))
        if known is not None:
            return known[0]
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._pool, self._ask, Handle(handle), port)
        except OSError:
            raise
        except Exception as error:
            raise ConnectionError(str(error) or type(error).__name__) from error
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[handle, port] = found, time.monotonic()
        return found

    def at_hand(self, target: Target) -> Address | None:
        """Return the address if it is known already."""
        known = self._known.get((target.service.handle or "", target.port.number))
        return known[0] if known else None

    def forget(self, handle: str, port: int) -> None:
        """Dialling has failed, and the address may be another by now: ask again, unless that was just now."""
        known = self._known.get((handle, port))
        if known is not None and time.monotonic() - known[1] > _SURE:
            del self._known[handle, port]
