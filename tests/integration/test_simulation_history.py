"""What has run here, as a simulation reads it: from any database, also beside the `zoe serve` that owns it."""

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from zoe.config import Settings, StateSettings
from zoe.errors import StateError
from zoe.serve.history import read_history
from zoe.simulation import history
from zoe.simulation.synthetic import cluster
from zoe.simulation.workload import Kind
from zoe.state.active import NodeRow, write_nodes
from zoe.state.database import Database
from zoe.state.embedded import EmbeddedPostgres
from zoe.state.history import PastGroup, past_executions, present_nodes
from zoe.state.ownership import own


def ended(world: Any, at: float, seconds: float, elastic: int = 0, **changes: Any) -> int:
    """Submit an execution with one core service, and let it be over."""
    document = {"services": [service(1 + elastic)]} | changes
    number: int = world.submit(**document)
    sql = "UPDATE execution SET time_submit = %s, time_start = %s, time_end = %s, status = 'terminated' WHERE id = %s"
    world.rows(sql, at, at + 5, at + 5 + seconds, number)
    return number


def service(count: int) -> dict[str, Any]:
    resources = {"memory": {"min": 2**30, "max": 2**30}, "cores": {"min": 2, "max": 2}}
    return {"name": "worker", "image": "example.org/worker:1.0", "monitor": True, "total_count": count,
            "essential_count": 1, "startup_order": 0, "resources": resources, "command": "work"}  # fmt: skip


def test_past_executions_come_with_their_groups_the_oldest_first(world: Any, database: Database) -> None:
    first = ended(world, 1000, 50)
    second = ended(world, 1100, 100, elastic=3)
    third = ended(world, 1200, 30, will_end=False)
    world.submit()  # still waits: no past
    with database.session():
        found = past_executions(database, 10)
        assert [one.id for one in past_executions(database, 2)] == [second, third]
    assert [one.id for one in found] == [first, second, third]
    assert (found[1].submitted, found[1].started, found[1].ended, found[1].owner) == (1100, 1105, 1205, "admin")
    assert found[1].groups == [PastGroup("worker", 1, True, 2, 2**30, 0), PastGroup("worker", 3, False, 2, 2**30, 0)]  # noqa: FBT003
    workload = history.workload(lambda: found, cluster())
    assert [one.kind for one in workload.submissions] == [Kind.RIGID, Kind.ELASTIC, Kind.INTERACTIVE]
    assert [one.work for one in workload.submissions] == [100, 800, 60]


def test_only_machines_that_are_online_count(database: Database) -> None:
    rows = [NodeRow(name, 8, 2**33, 1, ["gpu"], online, [], 0, 0) for name, online in (("a", True), ("b", False))]
    with database.session():
        write_nodes(database, rows, 1.0)
        (only,) = present_nodes(database)
    assert (only.name, only.cores, only.memory, only.gpus, list(only.labels)) == ("a", 8, 2**33, 1, ["gpu"])


def test_the_history_is_read_beside_the_zoe_that_owns_it_and_without_one() -> None:
    with tempfile.TemporaryDirectory(prefix="zoe-tests-") as name:
        directory = Path(name)
        directory.chmod(0o711 if os.geteuid() == 0 else 0o700)  # as root PostgreSQL is somebody else
        settings = Settings(data_dir=directory, state=StateSettings(url="embedded"))
        with pytest.raises(StateError, match="holds no database"):
            read_history(settings, 10)
        with own(directory), EmbeddedPostgres(directory / "postgres") as url:
            database = Database(url, 2)
            database.migrate()
            database.close()
            assert read_history(settings, 10) == ([], [])
        assert read_history(settings, 10) == ([], [])
