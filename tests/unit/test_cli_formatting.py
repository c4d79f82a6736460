"""How times, amounts and ends are written."""

from typing import cast

import pytest

from zoe.cli import formatting as fmt
from zoe.cli.logs import outcome, to_come
from zoe.client import Execution
from zoe.errors import ZoeError


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (None, "-"),
        (-1, "0.0 s"),
        (0.34, "0.3 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.9, "1 min"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_a_length_of_time_has_at_most_two_units(seconds: float | None, written: str) -> None:
    assert fmt.duration(seconds) == written


@pytest.mark.parametrize(
    ("count", "written"), [(None, "-"), (0, "0 B"), (1023, "1023 B"), (1536 * 1024**2, "1.5 GiB"), (2**50, "1024 TiB")]
)
def test_memory_is_written_in_powers_of_1024(count: int | None, written: str) -> None:
    assert fmt.size(count) == written


@pytest.mark.parametrize(
    ("text", "count"), [("0", 0), ("512M", 512 * 1024**2), ("1.5 GiB", 1536 * 1024**2), ("2kb", 2048), (" 7 ", 7)]
)
def test_memory_is_read_with_and_without_a_unit(text: str, count: int) -> None:
    assert fmt.parse_size(text) == count


@pytest.mark.parametrize("text", ["", "-1", "1X", "G", "1e9", "9" * 30])
def test_what_is_no_amount_of_memory_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(ZoeError, match="is not an amount of memory"):
        fmt.parse_size(text)


def test_a_quota_of_zero_is_no_limit() -> None:
    assert (fmt.limit(0, " h"), fmt.limit(24, " h")) == ("no limit", "24 h")


def execution(status: str, **more: object) -> Execution:
    times = {"id": 7, "time_submit": 1.0, "time_start": None, "time_end": None, "error_message": None}
    return cast("Execution", {**times, "status": status, **more})


def test_who_follows_the_log_of_what_waits_is_told_why() -> None:
    wait = {"position": 2, "reason": "task needs 2 cores"}
    waiting = "Execution 7 is queued (2. in the queue: task needs 2 cores); its log follows."
    assert to_come(execution("queued", wait=wait)) == waiting
    assert to_come(execution("running")) == ""


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (execution("terminated", exit_code=0), "Execution 7 has ended with exit code 0."),
        (execution("error", error_message="no room"), "Execution 7 has failed: no room"),
        (execution("running"), "worker1 has ended; execution 7 goes on (running)."),
    ],
)
def test_a_log_ends_with_what_became_of_the_execution(given: Execution, told: str) -> None:
    assert outcome(given, "worker1") == told
