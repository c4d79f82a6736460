"""Disks that fill up: services run on, executions end, and what has room again works again."""

from typing import TYPE_CHECKING, Any

from tests.acceptance.conftest import until
from tests.acceptance.faults.kit import MIB, entry, log, run, tiny_disk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.acceptance.conftest import Zoe

LOUD = "yes 'all work and no play makes Jack a dull boy' | head -c 8000000"


def test_a_disk_that_fills_up_with_a_log_neither_stops_the_service_nor_hides_its_end(
    make_zoe: "Callable[..., Zoe]", data_dir: "Path"
) -> None:
    with tiny_disk(data_dir / "process", 2 * MIB):
        zoe = make_zoe(data_dir)
        zoe.lift_quota()
        loud = run(zoe, entry("loud", f"{LOUD}; exit 7"))
        failed = zoe.wait_for(loud, "terminated", "error")
        assert failed["exit_code"] == 7
        told = log(zoe, loud).splitlines()
        assert 1000 < len(told) < 40_000
        assert all(b"Jack" in line or b"---" in line for line in told)
        # The log has moved to the archive, so that there is room again.
        after = run(zoe, entry("after", "echo well"))
        assert zoe.wait_for(after, "terminated", "error")["status"] == "terminated"
        assert b"well" in log(zoe, after)


def test_an_execution_waits_while_the_disk_is_full_and_runs_when_there_is_room(
    make_zoe: "Callable[..., Zoe]", data_dir: "Path"
) -> None:
    with tiny_disk(data_dir / "process", 2 * MIB):
        zoe = make_zoe(data_dir)
        zoe.lift_quota()
        loud = run(zoe, entry("loud", f"{LOUD}; echo full > {data_dir}/full; sleep 600"))
        until((data_dir / "full").exists, "a full disk")
        later = run(zoe, entry("later", "echo well"))
        until(lambda: any("no room" in (one["reason"] or "") for one in _events(zoe, later)), "no room")
        zoe.stop_execution(loud)
        assert zoe.wait_for(loud, "terminated", "error")["status"] == "terminated"
        assert zoe.wait_for(later, "terminated", "error")["status"] == "terminated"


def _events(zoe: "Zoe", execution: int) -> "list[dict[str, Any]]":
    found: list[dict[str, Any]] = zoe.get(f"/execution/{execution}/events")["events"]
    return found


def test_a_log_that_finds_no_room_in_the_archive_takes_none_from_the_next(
    make_zoe: "Callable[..., Zoe]", data_dir: "Path"
) -> None:
    with tiny_disk(data_dir / "logs", MIB) as archive:
        zoe = make_zoe(data_dir)
        zoe.lift_quota()
        loud = run(zoe, entry("loud", LOUD))
        assert zoe.wait_for(loud, "terminated", "error")["status"] == "terminated"
        quiet = run(zoe, entry("quiet", "echo well"))
        assert zoe.wait_for(quiet, "terminated", "error")["status"] == "terminated"
        assert b"well" in log(zoe, quiet)
        assert list(archive.rglob("*.part")) == []


def test_a_full_disk_under_the_workspaces_is_told_as_such(make_zoe: "Callable[..., Zoe]", data_dir: "Path") -> None:
    with tiny_disk(data_dir / "workspaces", 1 << 16) as disk:
        zoe = make_zoe(data_dir)
        assert zoe.client is not None
        answer = zoe.client.put("/workspace/big.txt", content=bytes(MIB))
        assert answer.status_code == 507
        assert answer.reason_phrase.startswith("The file could not be stored")
        assert [path.name for path in disk.rglob("*") if path.is_file()] == []
        assert zoe.client.put("/workspace/small.txt", content=b"well").status_code == 201
