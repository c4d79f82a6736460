"""Wishes that come twice, too late or too early."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.acceptance.faults.kit import client, entry, run

if TYPE_CHECKING:
    from tests.acceptance.conftest import Zoe

DEAF = "trap '' TERM; while true; do sleep 600; done"


def _at_once(zoe: "Zoe", path: str, times: int = 8) -> Counter[int]:
    with ThreadPoolExecutor(times) as pool:
        return Counter(pool.map(lambda _: client(zoe).delete(path).status_code, range(times)))


def test_many_stops_at_once_are_one_stop(shared: "Zoe") -> None:
    execution = run(shared, entry("main", "sleep 600"))
    shared.wait_for(execution, "running")
    codes = _at_once(shared, f"/execution/{execution}")
    assert codes[204] >= 1
    assert set(codes) <= {204, 400}
    assert shared.wait_for(execution, "terminated", "error")["status"] == "terminated"
    steps = [event["after"] for event in shared.get(f"/execution/{execution}/events")["events"] if event["after"]]
    assert steps.count("cleaning up") == steps.count("terminated") == 1


def test_a_stop_while_it_is_cleaned_up_changes_nothing(shared: "Zoe") -> None:
    execution = run(shared, entry("deaf", DEAF))
    shared.wait_for(execution, "running")
    shared.stop_execution(execution)
    shared.wait_for(execution, "cleaning up")
    assert client(shared).delete(f"/execution/{execution}").status_code == 204
    assert client(shared).delete(f"/execution/delete/{execution}").status_code == 400
    assert shared.wait_for(execution, "terminated", "error")["status"] == "terminated"


def test_what_runs_or_waits_cannot_be_forgotten(shared: "Zoe") -> None:
    running = run(shared, entry("main", "sleep 600", cores=16))
    queued = run(shared, entry("main", "true", cores=16))
    shared.wait_for(running, "running")
    for execution in (running, queued):
        answer = client(shared).delete(f"/execution/delete/{execution}")
        assert (answer.status_code, answer.reason_phrase) == (400, "Cannot delete an active execution")
    shared.stop_execution(queued)
    assert shared.wait_for(queued, "terminated", "error")["time_start"] is None


def test_one_of_many_who_forget_the_same_execution_does(shared: "Zoe") -> None:
    execution = run(shared, entry("main", "true"))
    shared.wait_for(execution, "terminated")
    codes = _at_once(shared, f"/execution/delete/{execution}")
    assert codes == {204: 1, 404: 7}
    assert client(shared).delete(f"/execution/{execution}").status_code == 404
