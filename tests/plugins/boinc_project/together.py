"""Tests that mostly wait: the bodies of all those that were selected run side by side, each in a thread."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

Body = Callable[[Path], None]
DEADLINE_S = 240
AT_ONCE = 20
"""Each is a Python, a client and a program: more of them keep two cores too busy to be on time."""


class Together:
    """A decorator for tests; a body gets a directory of its own."""

    def __init__(self) -> None:
        self._bodies: dict[str, Body] = {}
        self._running: dict[str, Future[None]] = {}

    def __call__(self, body: Body) -> Callable[[pytest.FixtureRequest, pytest.TempPathFactory], None]:
        """Make a test of a body."""
        name = body.__name__
        self._bodies[name] = body

        def test(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
            if name not in self._running:
                self._start({item.name for item in request.session.items} | {name}, tmp_path_factory)
            self._running[name].result(DEADLINE_S)

        test.__name__, test.__doc__ = name, body.__doc__
        return test

    def _start(self, names: set[str], directories: pytest.TempPathFactory) -> None:
        chosen = [name for name in self._bodies if name in names and name not in self._running]
        pool = ThreadPoolExecutor(AT_ONCE)
        for number, name in enumerate(chosen):
            # Directories are made here: the factory is not for many threads at once.
            self._running[name] = pool.submit(self._bodies[name], directories.mktemp(f"boinc{number}"))
        pool.shutdown(wait=False)


together = Together()
"""One for all modules: the longest wait is then that of all."""
