"""What the Swarm backend knows of its services, without any Swarm."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend_swarm.board import Board, Finding
from zoe.plugin import Handle, ServiceId, ServiceReport, ServiceState
from zoe.testing.changes import ENDED

HANDLE = Handle("one")


def found(state: ServiceState) -> Finding:
    return Finding(ServiceReport(ServiceId(1, 1, "work0"), HANDLE, state, "node1"))


@pytest.fixture
def told() -> list[ServiceReport]:
    return []


@pytest.fixture
def board(told: list[ServiceReport]) -> Board:
    return Board(told.append)


def runs(report: ServiceReport | None) -> bool:
    return report is not None and report.state == ServiceState.STARTED


def test_an_answer_to_an_older_question_changes_nothing(board: Board, told: list[ServiceReport]) -> None:
    for state in (ServiceState.STARTED, ServiceState.CREATED, ServiceState.DEAD, ServiceState.STARTED):
        board.take([found(state)])
    last = board.last(HANDLE)
    assert last is not None
    assert last.state == ServiceState.DEAD
    assert [report.state for report in told] == [ServiceState.DEAD]
    assert not board.alive()


def test_a_look_that_began_before_a_service_was_removed_does_not_bring_it_back(board: Board) -> None:
    board.take([found(ServiceState.STARTED)])
    with board.removing(HANDLE):
        pass
    board.take([found(ServiceState.STARTED)])
    assert not board.all()
    assert board.is_gone(HANDLE)


def test_who_waits_for_a_service_goes_on_when_it_is_removed(board: Board) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(board.wait, HANDLE, runs, 600.0)
        with board.changed:
            assert board.changed.wait_for(lambda: HANDLE in board.waited_for(), 60)
        with board.removing(HANDLE):
            pass
        assert waiting.result(60) is None
    assert not board.waited_for()


def test_who_waits_for_a_service_goes_on_when_it_is_removed_before_any_look(
    board: Board, told: list[ServiceReport]
) -> None:
    board.vanished(HANDLE)  # an event of a service that nobody waits for: perhaps not Zoe's
    assert not board.is_gone(HANDLE)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(board.wait, HANDLE, runs, 600.0)
        with board.changed:
            assert board.changed.wait_for(lambda: HANDLE in board.waited_for(), 60)
        board.vanished(HANDLE)
        gone = board.is_gone(HANDLE)
        with board.removing(HANDLE):  # whatever came of it, nobody waits any longer
            pass
        assert waiting.result(60) is None
    assert gone
    assert not told


def test_what_somebody_else_removed_is_told_once_and_what_zoe_removed_is_not(
    board: Board, told: list[ServiceReport]
) -> None:
    board.take([found(ServiceState.STARTED)])
    with board.removing(HANDLE):
        board.vanished(HANDLE)  # the event is quicker than the answer
    assert not told
    other = Finding(ServiceReport(ServiceId(2, 1, "work1"), Handle("two"), ServiceState.STARTED, "node1"))
    board.take([other])
    board.take([], missed={Handle("two")})
    board.vanished(Handle("two"))
    (report,) = told
    assert (report.state, report.who.id) == (ServiceState.DESTROYED, 2)
    assert "removed" in (report.reason or "")


def test_a_removal_that_failed_leaves_the_service_known(board: Board) -> None:
    board.take([found(ServiceState.DEAD)])
    with pytest.raises(OSError, match="no answer"), board.removing(HANDLE):
        raise OSError("no answer")
    assert [report.state in ENDED for report in board.all()] == [True]


@pytest.mark.parametrize("how", ["ends", "vanishes", "is removed"])
def test_who_follows_a_service_is_called_when_it_ends(board: Board, how: str) -> None:
    called = threading.Event()
    board.take([found(ServiceState.STARTED)])
    with board.calling(HANDLE, called.set):
        if how == "ends":
            board.take([found(ServiceState.DEAD)])
        elif how == "vanishes":
            board.vanished(HANDLE)
        else:
            with board.removing(HANDLE):
                pass
    assert called.is_set()
