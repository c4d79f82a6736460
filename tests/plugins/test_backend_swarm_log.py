"""How the Swarm backend puts the log of a service together from what managers pass on, without any Swarm."""

from collections.abc import Callable
from itertools import count

import pytest
from urllib3.exceptions import ProtocolError

from backend_docker.client import Frames
from backend_docker.logs import lines
from backend_swarm.following import SwarmLog
from zoe.errors import BackendUnavailableError

SILENT = b"Error grabbing logs: rpc error: node abc is not available\n"
Pieces = list[tuple[int, bytes]]


def frame(stream: int, nano: int, text: str) -> tuple[int, bytes]:
    return stream, f"2026-01-31T23:59:59.{nano:09}Z {text}".encode()


WHOLE = [frame(1, 1, "a\n"), frame(2, 2, "w\n"), frame(1, 3, "b\n"), frame(1, 3, "c\n"), frame(2, 9, "x\n")]


class Stream(Pieces):
    """Frames as a manager passes them on."""

    def close(self) -> None:
        """Nothing to close."""


class BrokenStream(Stream):
    """One that breaks off after its last frame."""

    def __iter__(self):  # type: ignore[no-untyped-def]
        yield from list.__iter__(self)
        raise ProtocolError("Connection broken")


def log(
    opening: Callable[[bool, int], object], has_ended: Callable[[], bool] = lambda: True, *, lost: bool = False
) -> SwarmLog:
    return SwarmLog(opening, has_ended, is_lost=lambda: lost)  # type: ignore[arg-type]


@pytest.mark.parametrize("passed_on", range(len(WHOLE) + 1))
def test_what_breaks_off_is_read_on_without_losing_or_doubling_a_line(passed_on: int) -> None:
    turns = count()
    asked: list[tuple[bool, int]] = []

    def opening(follow: bool, since: int) -> Frames | Stream:
        asked.append((follow, since))
        return BrokenStream(WHOLE[:passed_on]) if follow else Stream(WHOLE)

    assert list(log(opening, lambda: next(turns) > 1)) == WHOLE
    assert asked == [(True, 0), (False, 1769903998 if passed_on else 0)]


def test_the_rest_of_a_log_on_a_lost_node_is_said_to_be_lost_and_nobody_asks_for_it() -> None:
    (line,) = lines(log(lambda *_: pytest.fail("it was asked for"), lost=True))
    assert line[19:] == b" [Zoe: the rest of this log was lost with its node]\n"


def test_a_log_on_a_node_that_is_silent_for_a_while_is_asked_for_again() -> None:
    with pytest.raises(BackendUnavailableError, match="node abc is not available"):
        list(log(lambda *_: Stream([(3, SILENT)])))


def test_a_task_that_stands_nowhere_is_nothing_to_complain_of() -> None:
    words = b"Error grabbing logs: warning: incomplete log stream: task x has not been scheduled\n"
    assert list(log(lambda *_: Stream([*WHOLE, (3, words)]))) == WHOLE


def test_a_service_that_is_gone_has_no_log() -> None:
    assert not list(log(lambda *_: None, lambda: False))
