"""What nobody uses ends, live: real processes, real time, told by the API."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.acceptance.conftest import until

if TYPE_CHECKING:
    from tests.acceptance.conftest import Zoe

NOW_AND_THEN = "while :; do timeout 0.3 sh -c 'while :; do :; done'; sleep 0.7; done"
"""Uses a third of a core, without a word."""


def told(zoe: "Zoe", execution: int) -> list[str]:
    return [str(event["reason"]) for event in zoe.get(f"/execution/{execution}/events")["events"] if event["reason"]]


def test_what_nobody_uses_ends_as_announced_what_works_goes_on_and_what_is_extended_stays(
    make_zoe: "Callable[..., Zoe]", data_dir: Path
) -> None:
    environment = {"ZOE_IDLE__END_MINUTES": "0.05", "ZOE_IDLE__APPLIES_TO": "all"}
    zoe = make_zoe(data_dir, environment)
    zoe.lift_quota()
    assert zoe.client is not None
    kept, works, quiet = zoe.submit("sleep 1000"), zoe.submit(NOW_AND_THEN), zoe.submit("sleep 1000")
    zoe.wait_for(kept, "running")
    asked = zoe.client.post(f"/execution/{kept}/extend", json={"hours": 1}).raise_for_status().json()

    def deadline() -> dict[str, Any] | None:
        found: dict[str, Any] | None = zoe.get(f"/execution/{quiet}")["idle"]
        return found

    idle = until(deadline, "a deadline")
    assert idle["deadline"] == idle["since"] + 3
    ended = zoe.wait_for(quiet, "terminated")
    assert ended["time_end"] >= idle["deadline"]
    announced, why = told(zoe, quiet)
    assert announced.startswith("idle since ")
    assert "; it ends at " in announced
    assert why.startswith("idle since ")
    assert (zoe.status(works), zoe.status(kept)) == ("running", "running")
    assert zoe.get(f"/execution/{works}")["idle"] is None
    assert zoe.get(f"/execution/{kept}")["idle"]["kept_until"] == asked["kept_until"]
