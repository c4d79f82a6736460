"""What the command line says of idle executions, and how more time is asked for."""

import time
from typing import Any

import pytest

from zoe.cli import idle_view
from zoe.cli.extend import parse_hours
from zoe.errors import ZoeError

NOW = time.time()
IDLE: dict[str, Any] = {
    "since": NOW - 600,
    "step": "idle",
    "elastic_deadline": NOW + 1200,
    "deadline": NOW + 7200,
    "kept_until": None,
    "reason": "idle since 14:02 [b]UTC[/b]: no traffic",
    "signals": ["no traffic"],
    "can_extend": True,
}


@pytest.mark.parametrize(
    ("text", "hours"), [("4h", 4), ("4", 4), ("30min", 0.5), ("2d", 48), ("1.5 h", 1.5), (" 90min ", 1.5)]
)
def test_a_length_of_time_is_read(text: str, hours: float) -> None:
    assert parse_hours(text) == hours


@pytest.mark.parametrize("text", ["", "0h", "-1h", "4 hours", "h", "1e9h", "4h30", "nan", "²h"])
def test_what_is_no_length_of_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ZoeError, match="write it as 30min, 4h or 2d"):
        parse_hours(text)


def test_an_idle_execution_is_shown_with_its_deadlines_and_the_way_out() -> None:
    rows = dict(idle_view.in_full(IDLE, NOW + 9000, 7, NOW))
    assert rows["Idle"] == r"idle since 14:02 \[b]UTC\[/b]: no traffic"
    assert rows["Elastic part ends"].endswith(", in 20 min")
    assert rows["Ends"].endswith(", in 2 h unless it is used; `zoe extend 7 4h` keeps it")
    assert rows["Time limit"].endswith("in 2 h 30 min, as its quota has it")


def test_a_list_says_it_in_few_words_and_nothing_while_it_is_used() -> None:
    assert idle_view.in_short(None) == ""
    assert idle_view.in_full(None, None, 7, NOW) == []
    assert idle_view.in_short(IDLE).startswith("idle since ")
    assert ", ends at " in idle_view.in_short(IDLE)
    assert "ends" not in idle_view.in_short(IDLE | {"deadline": None})
    assert idle_view.in_short(IDLE | {"step": "kept", "since": None, "kept_until": NOW}).startswith("kept until ")
