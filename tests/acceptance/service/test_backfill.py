"""A backfill that somebody else wrote keeps a running Zoe busy, makes room at once, and outlives Zoe's death."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.acceptance.conftest import until
from tests.acceptance.service.test_third_party import installed

if TYPE_CHECKING:
    from tests.acceptance.conftest import Zoe

__all__ = ["installed"]
CORES = 4


@pytest.fixture
def chalky(make_zoe: "Callable[..., Zoe]", data_dir: Path, installed: str) -> "Zoe":
    """A running Zoe of four cores, whose idle room is drawn on."""
    environment = {"PYTHONPATH": installed, "ZOE_PLUGINS__PROCESS__CORES": str(CORES)}
    zoe = make_zoe(data_dir, environment | {"ZOE_PLUGINS__CHALK__BACKFILL__IDLE_MINUTES": "0"})
    zoe.lift_quota()
    return zoe


def drawings(zoe: "Zoe", status: str) -> list[int]:
    found = zoe.get(f"/execution?status={status}").values()
    return sorted(one["id"] for one in found if one["backfill"] == "chalk")


def command(zoe: "Zoe", *words: str) -> str:
    environment = {"ZOE_DATA_DIR": str(zoe.data_dir), "PATH": "/usr/bin:/bin", "HOME": str(zoe.data_dir)}
    ran = subprocess.run(
        [sys.executable, "-m", "zoe", *words], env=environment, capture_output=True, text=True, check=True
    )
    return ran.stdout


def test_a_backfill_of_a_third_party_fills_makes_room_is_told_of_and_survives_a_kill(chalky: "Zoe") -> None:
    until(lambda: len(drawings(chalky, "running")) == CORES, "a drawing on every core")
    before = drawings(chalky, "running")
    regular = chalky.submit("sleep 3600", cores=2)
    chalky.wait_for(regular, "running")
    until(lambda: len(drawings(chalky, "queued")) == 2, "room for a regular execution")
    assert len(drawings(chalky, "running")) == CORES - 2
    assert "needs the room" in json.dumps(chalky.get(f"/execution/{drawings(chalky, 'queued')[0]}/events"))

    chalky.kill()
    chalky.start()
    chalky.stop_execution(regular)
    until(lambda: drawings(chalky, "running") == before, "the same drawings again, and no other")

    book = chalky.get("/backfill")["chalk"]
    assert (book["running"], book["waiting"], book["made_room"]) == (CORES, 0, 2)
    assert book["core_hours"] > 0
    told = command(chalky, "status")
    assert "chalk" in told
    assert "up to 100% of the cluster" in told
    assert json.loads(command(chalky, "status", "--json"))["backfill"]["chalk"]["running"] == CORES
    assert "opportunistic" in command(chalky, "ps")
    assert "offered by backfill chalk" in command(chalky, "show", str(before[0]))
    assert metrics(chalky)["zoe_backfill_running"] == CORES
    used = {(plugin["kind"], plugin["name"]): plugin["in_use"] for plugin in chalky.get("/plugins").values()}
    assert used["backfill", "chalk"]
    assert not used["backfill", "boinc"]


def metrics(zoe: "Zoe") -> dict[str, float]:
    assert zoe.client is not None
    address = zoe.client.base_url.copy_with(path="/metrics")
    answer = httpx.get(address, headers=zoe.client.headers).raise_for_status()
    lines: list[Any] = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
    return {name.partition("{")[0]: float(value) for name, _, value in lines}
