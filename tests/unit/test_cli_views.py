"""What `zoe show` tells."""

from typing import Any, cast

import pytest
from rich.console import Console

from zoe.cli.views import one_execution
from zoe.client import Execution


def shown(status: str, progress: dict[str, Any] | None) -> str:
    one = {
        "id": 7, "name": "count words", "status": status, "error_message": None, "progress": progress, "wait": None,
        "exit_code": None, "opportunistic": False, "idle": None, "ends_at": None, "backfill": None,
        "time_submit": 1.0, "time_start": 2.0, "time_end": None,
    }  # fmt: skip
    console = Console(width=100, no_color=True)
    with console.capture() as told:
        console.print(one_execution(cast(Execution, one), [], [], 10.0))
    return told.get()


def test_how_far_a_running_execution_is_is_shown_in_words_and_as_a_share() -> None:
    lines = shown("running", {"text": "5 of 12 tasks", "fraction": 0.416}).splitlines()
    assert [line.rstrip().split(maxsplit=1) for line in lines if line.startswith(("About", "Done"))] == [
        ["About", "5 of 12 tasks"], ["Done", "42%"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "progress"),
    [("running", None), ("running", {"text": "1 worker", "fraction": None}), ("queued", {"text": "", "fraction": 0.5})],
)
def test_no_share_is_shown_where_nobody_knows_it_or_nothing_runs(status: str, progress: dict[str, Any] | None) -> None:
    assert "%" not in shown(status, progress)
