"""The page of one execution: why it waits, how far it is, when it ends for being idle, and the click against that."""

import re
from datetime import datetime

import pytest

from tests.integration.web.visitor import Visitor, where
from zoe.state.active import write_progress, write_waits
from zoe.state.activity import activities
from zoe.state.idle import IdleRow, write_idle

NOW = 1_700_000_000.5
"""What the clock of these tests says."""
IDLE = {
    "step": "idle", "since": NOW - 3600, "elastic_deadline": NOW + 600, "deadline": NOW + 7200, "kept_until": None,
    "reason": "no traffic, nothing at work", "signals": {}, "can_extend": True,
}  # fmt: skip


def callout(visitor: Visitor, number: int) -> str:
    found = re.search(r'<div class="callout" id="idle">.*?</div>', visitor.get(f"/executions/{number}").text, re.DOTALL)
    return found[0] if found else ""


def told_idle(visitor: Visitor, number: int, **changes: object) -> None:
    row = IdleRow(number, NOW - 3600, 0.0, 2.0, resting=False, announced=True, shown={**IDLE, **changes})
    with visitor.world.database.session():
        write_idle(visitor.world.database, [row], [])


def moments(text: str) -> list[tuple[str, float]]:
    """Return the moments that a page tells, in seconds from now."""
    found = re.findall(r'(\w[\w ]*\w)(?:</dt>)?\s*(?:<dd>)?\s*<time datetime="([^"]*)"', text)
    return [(words, datetime.fromisoformat(stamp).timestamp() - NOW) for words, stamp in found]


def test_an_idle_execution_shows_why_and_when_it_ends_and_one_in_use_does_not(visitor: Visitor) -> None:
    number, used = (visitor.world.submit() for _ in range(2))
    for one in (number, used):
        visitor.world.move(one, "running")
    told_idle(visitor, number)
    text = callout(visitor, number)
    assert "no traffic, nothing at work" in text
    assert moments(text) == [("Elastic services go back", 600), ("It ends", 7200)]
    assert callout(visitor, used) == ""


def test_one_click_keeps_an_idle_execution_and_its_page_says_until_when(visitor: Visitor) -> None:
    number = visitor.world.submit()
    visitor.world.move(number, "running")
    told_idle(visitor, number)
    [path] = re.findall(r'action="([^"]*)"', callout(visitor, number))
    assert where(visitor.post(path)) == f"/executions/{number}"
    with visitor.world.database.session():
        known = activities(visitor.world.database, [number])[number]
    assert (known.lease_until, known.lease_by) == (NOW + 4 * 3600, "admin")
    assert visitor.world.rung[-1] == "extension"
    told_idle(visitor, number, step="kept", kept_until=NOW + 4 * 3600, deadline=None, elastic_deadline=None)
    assert moments(callout(visitor, number)) == [("Kept until", 4 * 3600)]


def test_where_nothing_can_be_extended_there_is_no_button(visitor: Visitor) -> None:
    number = visitor.world.submit()
    visitor.world.move(number, "running")
    told_idle(visitor, number, can_extend=False)
    assert "<form" not in callout(visitor, number)


def test_what_waits_shows_its_reason_its_place_what_would_help_and_when_it_is_expected(visitor: Visitor) -> None:
    number = visitor.world.submit()
    visitor.world.move(number, "queued")
    start = {"expected": NOW + 60, "earliest": NOW + 30, "latest": NOW + 90}
    wait = {"reason": "needs 8 cores", "possible": True, "position": 3, "remedy": "ask for 4", "start": start}
    with visitor.world.database.session():
        write_waits(visitor.world.database, {number: wait})
    text = visitor.get(f"/executions/{number}").text
    assert "3. in the queue: needs 8 cores" in text
    assert "<dd>ask for 4</dd>" in text
    told = dict(moments(text))
    assert (told["Expected start"], told["between"], told["and"]) == (60, 30, 90)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"possible": False}, "Never: it does not fit on this cluster."), ({}, "Not known: too little history")],
)
def test_what_can_never_start_and_what_nobody_can_foretell_are_told_apart(
    visitor: Visitor, changes: dict[str, object], words: str
) -> None:
    number = visitor.world.submit()
    visitor.world.move(number, "queued")
    wait = {"reason": "r", "possible": True, "position": 1, "remedy": "", "start": None, **changes}
    with visitor.world.database.session():
        write_waits(visitor.world.database, {number: wait})
    assert words in visitor.get(f"/executions/{number}").text


def test_a_running_execution_shows_how_far_it_is_as_a_bar_and_in_words(visitor: Visitor) -> None:
    number = visitor.world.submit()
    visitor.world.move(number, "running")
    with visitor.world.database.session():
        write_progress(visitor.world.database, {number: {"fraction": 0.416, "text": "5 of 12 tasks, 2 workers"}})
    text = visitor.get(f"/executions/{number}").text
    assert '<progress value="0.416" max="1"' in text
    assert "<span>42 %</span>" in text
    assert "<span>5 of 12 tasks, 2 workers</span>" in text
