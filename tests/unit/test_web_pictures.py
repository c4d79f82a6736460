"""The pictures of the cluster show the numbers that they are given."""

import re
from typing import Any

from zoe.web.pictures import MOST_BLOCKS, NARROWEST, bar, queue_strip


def widths(picture: str) -> dict[str, float]:
    return {kind: float(width) for kind, width in re.findall(r'<rect class="(\w+)"[^>]*? width="([\d.]+)"', picture)}


def waiting(number: int, cores: float = 1, name: str | None = None, *, own: bool = False) -> dict[str, Any]:
    return {"id": number, "name": name, "cores": cores, "own": own}


def test_a_bar_is_as_long_as_what_is_reserved_and_used_of_the_whole() -> None:
    picture = str(bar("6 of 8 cores reserved, 2 in use", 6, 2, 8))
    assert widths(picture) == {"room": 1000, "reserved": 750, "used": 250}
    assert 'role="img" aria-label="6 of 8 cores reserved, 2 in use"' in picture


def test_no_bar_is_longer_than_its_node_or_shorter_than_nothing() -> None:
    assert widths(str(bar("x", 12, 9, 8))) == {"room": 1000, "reserved": 1000, "used": 1000}
    assert widths(str(bar("x", -1, 0, 8))) == {"room": 1000, "reserved": 0, "used": 0}
    assert widths(str(bar("x", 1, 1, 0))) == {"room": 1000, "reserved": 0, "used": 0}


def test_the_queue_is_drawn_in_its_order_the_wider_the_more_cores_and_ones_own_stand_out() -> None:
    picture = str(queue_strip([waiting(7, 1), waiting(9, 64, "mine", own=True)], "who waits"))
    assert re.findall(r'<g class="(\w+)"><title>([^<]*)', picture) == [
        ("other", "execution (7): 1 cores"), ("own", "mine (9): 64 cores"),
    ]  # fmt: skip
    [small, large] = [
        (float(x), float(width)) for x, width in re.findall(r'<rect x="([\d.]+)" y="4" width="([\d.]+)"', picture)
    ]
    assert NARROWEST < small[1] < large[1]
    assert large[0] == small[0] + small[1] + 6
    assert 'aria-label="who waits"' in picture


def test_a_long_queue_is_cut_and_says_by_how_much() -> None:
    picture = str(queue_strip([waiting(number) for number in range(MOST_BLOCKS + 5)], "who waits"))
    assert picture.count("<g ") == MOST_BLOCKS
    assert "+ 5</text>" in picture


def test_names_of_strangers_stay_text() -> None:
    picture = str(queue_strip([waiting(1, 1, "<b>&\u202ex", own=True)], '"><script>'))
    assert not re.search(r"<b>|<script|\u202e", picture)
