"""Services that do not behave: they end all the same, and nobody else notices."""

import re
from typing import TYPE_CHECKING

from tests.acceptance.faults.kit import MIB, client, entry, log, processes, run

if TYPE_CHECKING:
    from tests.acceptance.conftest import Zoe

LINE = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d .*", re.DOTALL)
DEAF = "trap '' TERM INT HUP; while true; do sleep 600; done"


def _stopped(zoe: "Zoe", execution: int) -> None:
    zoe.stop_execution(execution)
    assert zoe.wait_for(execution, "terminated", "error")["status"] == "terminated"
    assert processes(execution, zoe.data_dir) == []


def test_a_service_that_ignores_sigterm_is_killed_after_the_grace(shared: "Zoe") -> None:
    execution = run(shared, entry("deaf", f"echo ready; {DEAF}"))
    shared.wait_for(execution, "running")
    _stopped(shared, execution)


def test_what_forked_and_fled_to_a_session_of_its_own_ends_with_its_service(shared: "Zoe") -> None:
    fleeing = f'setsid sh -c "{DEAF}" & setsid setsid sh -c "{DEAF}" & sleep 600'
    execution = run(shared, entry("fleeing", fleeing))
    shared.wait_for(execution, "running")
    _stopped(shared, execution)


def test_what_a_service_left_behind_ends_when_the_service_ends_by_itself(shared: "Zoe") -> None:
    execution = run(shared, entry("leaving", "setsid sleep 600 & exit 3"))
    assert shared.wait_for(execution, "terminated", "error")["exit_code"] == 3
    assert processes(execution, shared.data_dir) == []


def test_binary_output_comes_as_lines_with_a_time_and_the_stream_ends(shared: "Zoe") -> None:
    execution = run(shared, entry("binary", "head -c 300000 /dev/urandom; printf 'no end of line'"))
    lines = log(shared, execution).removesuffix(b"\n").split(b"\n")
    assert all(LINE.fullmatch(line) for line in lines)
    assert lines[-1].endswith(b"no end of line")
    assert sum(len(line) - 20 + 1 for line in lines) >= 300000
    assert shared.wait_for(execution, "terminated", "error")["status"] == "terminated"


def test_a_log_of_100_mb_is_told_as_lines_to_its_end_while_others_work_on(shared: "Zoe") -> None:
    execution = run(shared, entry("loud", "yes 'all work and no play makes Jack a dull boy' | head -c 110000000"))
    number = shared.wait_for(execution, "running")["services"][0]
    longest = told = 0
    with client(shared).stream("GET", f"/service/logs/{number}", timeout=60) as stream:
        for piece in stream.iter_raw():
            told += len(piece)
            longest = max(longest, *map(len, piece.split(b"\n")))
            end = piece
    assert shared.wait_for(execution, "terminated", "error")["status"] == "terminated"
    assert told // MIB == 64
    assert end.endswith(b" ---\n")
    assert b"the log has reached its limit" in end
    assert longest < 200
