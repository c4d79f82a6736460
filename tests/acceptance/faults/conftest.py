"""One `zoe serve` for all faults that it has to survive; those that kill it have one of their own."""

from collections.abc import Iterator

import pytest

from tests.acceptance.conftest import Zoe, open_directory, zoe_maker
from tests.acceptance.faults.kit import client

ROOM = {"ZOE_PLUGINS__PROCESS__CORES": "16", "ZOE_PLUGINS__PROCESS__MEMORY": str(64 << 30)}


@pytest.fixture(scope="session")
def _lasting() -> Iterator[Zoe]:
    with open_directory() as directory, zoe_maker() as make:
        zoe = make(directory, ROOM)
        zoe.lift_quota()
        yield zoe


@pytest.fixture
def shared(_lasting: Zoe) -> Iterator[Zoe]:
    """A service that was there before the test, and is well after it."""
    yield _lasting
    assert _lasting.process is not None
    assert _lasting.process.poll() is None, _lasting.log.read_text()[-3000:]
    for number in _lasting.get("/execution?limit=50"):
        client(_lasting).delete(f"/execution/{number}")
    good = _lasting.submit("true")
    assert _lasting.wait_for(good, "terminated", "error")["status"] == "terminated"
