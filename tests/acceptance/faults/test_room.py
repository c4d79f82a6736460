"""Many at once: started together, never more than there is room for, and nobody waits for what can never be."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance.conftest import Zoe, until
from tests.acceptance.faults.kit import MIB, application, client, entry, post, processes, run

GIB = 1024 * MIB


def _submit_many(zoe: Zoe, count: int, **more: Any) -> list[int]:
    """Submit from eight clients at once."""
    document = {"application": application(entry("main", **more)), "name": "burst"}

    def submit(_: int) -> int:
        with httpx.Client(base_url=client(zoe).base_url, headers=client(zoe).headers, timeout=60) as one:
            return int(one.post("/execution", json=document).raise_for_status().json()["execution_id"])

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(submit, range(count)))


def test_executions_start_side_by_side_not_one_after_the_other(shared: Zoe) -> None:
    # Each waits for all the others: started one after the other none would ever end.
    count = 12
    meeting = shared.data_dir / "meeting"
    meeting.mkdir()
    command = f'touch {meeting}/$EXECUTION_ID; until [ "$(ls {meeting} | wc -l)" = {count} ]; do sleep 0.05; done'
    executions = _submit_many(shared, count, command=command)
    for execution in executions:
        assert shared.wait_for(execution, "terminated", "error")["status"] == "terminated"


def test_a_service_that_is_slow_to_end_delays_no_others_start(shared: Zoe) -> None:
    deaf = [run(shared, entry("deaf", "trap '' TERM; while true; do sleep 600; done")) for _ in range(4)]
    for execution in deaf:
        shared.wait_for(execution, "running")
        shared.stop_execution(execution)
    quick = run(shared, entry("quick", "true"))
    assert shared.wait_for(quick, "terminated", "error")["status"] == "terminated"
    assert {shared.status(execution) for execution in deaf} == {"cleaning up"}


def test_no_burst_of_submissions_gets_more_memory_than_the_machine_has(
    make_zoe: Callable[..., Zoe], data_dir: Path
) -> None:
    room = {"ZOE_PLUGINS__PROCESS__MEMORY": str(65 * GIB), "ZOE_PLUGINS__PROCESS__CORES": "64"}  # 1 GiB is kept back
    zoe = make_zoe(data_dir, room)
    zoe.lift_quota()
    ledger = data_dir / "ledger"
    command = f"echo + >> {ledger}; sleep 0.2; echo - >> {ledger}"
    executions = _submit_many(zoe, 24, command=command, memory=16 * GIB)
    seen = []

    def all_ended() -> bool:
        figures = zoe.get("/statistics/scheduler")["platform_stats"]
        seen.append((figures["memory_reserved"], figures["memory_total"]))
        states = Counter(one["status"] for one in zoe.get("/execution?limit=100").values())
        return states["terminated"] == len(executions)

    until(all_ended, "the end of all")
    running = 0
    for line in ledger.read_text().splitlines():
        running += 1 if line == "+" else -1
        assert running <= 4
    told = {(reserved // GIB, total // GIB) for reserved, total in seen}
    assert told <= {(reserved, 64) for reserved in (0, 16, 32, 48, 64)}
    assert len(told) > 1


def test_a_request_too_big_for_any_node_says_so_and_blocks_nobody(shared: Zoe) -> None:
    giant = run(shared, entry("giant", "true", memory=96 * GIB))
    after = [run(shared, entry("after", "true")) for _ in range(3)]
    for execution in after:
        assert shared.wait_for(execution, "terminated", "error")["status"] == "terminated"
    until(lambda: "memory" in shared.get(f"/execution/{giant}")["wait_reason"], "a reason for waiting")
    assert shared.status(giant) == "queued"
    shared.stop_execution(giant)
    assert shared.wait_for(giant, "terminated", "error")["status"] == "terminated"


def test_executions_submitted_while_there_was_no_master_are_run_when_there_is_one(
    make_zoe: Callable[..., Zoe], data_dir: Path, postgres_server: Any
) -> None:
    name = postgres_server.create()
    bus = f"ipc://{data_dir}/bus"
    around = {"ZOE_STATE__URL": postgres_server.url(name), "ZOE_BUS__ENDPOINT": bus}
    api = make_zoe(data_dir / "api", around, "--only", "api")
    api.lift_quota()
    executions = [run(api, entry("early", "true")) for _ in range(5)]
    assert {api.status(execution) for execution in executions} == {"submitted"}
    make_zoe(data_dir / "master", around, "--only", "master")
    for execution in executions:
        assert api.wait_for(execution, "terminated", "error")["status"] == "terminated"


def test_an_execution_of_three_hundred_services_starts_and_ends_whole(shared: Zoe) -> None:
    document = application(
        entry("main", "sleep 600"), entry("part", "sleep 600", total=299, essential=299, monitor=False)
    )
    answer = post(shared, document)
    assert answer.status_code == 201, answer.text
    execution = int(answer.json()["execution_id"])
    shared.wait_for(execution, "running")
    assert len(processes(execution, shared.data_dir)) >= 300
    shared.stop_execution(execution)
    assert shared.wait_for(execution, "terminated", "error")["status"] == "terminated"
    assert processes(execution, shared.data_dir) == []
