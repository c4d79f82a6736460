"""Limits are enforced where the machine allows it; otherwise the node says that they are not."""

import sys
from pathlib import Path

import pytest

from backend_process.backend import ProcessBackend
from backend_process.keeper.cgroup_tree import own_directories
from backend_process.keeper.cgroups import Cgroups, ran_out_of_memory
from tests.plugins.backend_process.kit import MakeBackend, Start, words_of
from zoe.plugin import Limits, ServiceState
from zoe.testing.changes import Changes

MIB = 1024**2
HUNGRY = f"{sys.executable} -I -S -c 'x = bytearray({400 * MIB})'"


@pytest.fixture
def enforcing(backend: ProcessBackend) -> ProcessBackend:
    remarks = backend.nodes()[0].remarks
    if remarks:
        pytest.skip("; ".join(remarks))
    return backend


def groups(service: str) -> list[Path]:
    """Return the groups of a service, given what its environment is marked with."""
    return [base / f"zoe-{service}" for base in own_directories().values() if (base / f"zoe-{service}").exists()]


def test_a_service_over_its_memory_limit_is_oom_killed_and_no_other(
    enforcing: ProcessBackend, changes: Changes, start: Start
) -> None:
    start(1, "sleep 1000", limits=Limits(memory=64 * MIB))
    hungry = start(2, f"echo $ZOE_SERVICE_KEY; exec {HUNGRY}", limits=Limits(memory=64 * MIB))
    report = changes.wait_for(2)
    assert (report.state, report.exit_code) == (ServiceState.OOM_KILLED, 137)
    assert "64 MiB" in (report.reason or "")
    assert {found.who.id: found.state for found in enforcing.services()}[1] == ServiceState.STARTED
    assert not groups(words_of(enforcing, hungry)[0])


def test_a_service_within_its_limits_ends_as_it_likes(
    enforcing: ProcessBackend, changes: Changes, start: Start
) -> None:
    start(1, "exit 137", limits=Limits(memory=64 * MIB, cores=0.5))
    assert changes.wait_for(1).state == ServiceState.DEAD


def test_a_service_is_in_groups_with_its_limits_until_it_ends(enforcing: ProcessBackend, start: Start) -> None:
    report = start(1, "echo $ZOE_SERVICE_KEY; exec sleep 1000", limits=Limits(cores=0.5, memory=64 * MIB))
    mine = groups(words_of(enforcing, report)[0])
    assert all((path / "cgroup.procs").read_text().split() for path in mine)
    limits = {
        file.name: file.read_text().strip()
        for path in mine
        for file in path.iterdir()
        if file.name in {"memory.limit_in_bytes", "memory.max", "cpu.cfs_quota_us", "cpu.max"}
    }
    assert set(limits.values()) in ({str(64 * MIB), "50000"}, {str(64 * MIB), "50000 100000"})
    enforcing.stop(report.handle, 5)
    assert not any(path.exists() or path.parent.exists() for path in mine)


def test_the_node_says_which_limits_are_not_enforced(
    make_backend: MakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = make_backend()
    monkeypatch.setattr(backend, "_not_enforced", Cgroups.open("zoe-test", {}).missing)
    memory, cores = backend.nodes()[0].remarks
    assert "limits of memory are not enforced" in memory
    assert "limits of cores are not enforced" in cores


def test_groups_of_version_2_get_its_files(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").write_text("cpu memory")
    groups = Cgroups.open("zoe-test", {"memory": tmp_path, "cpu": tmp_path})
    (group,) = groups.make(7, 1.5, 64 * MIB)
    assert group == tmp_path / "zoe-test/7"
    assert (group / "memory.max").read_text() == str(64 * MIB)
    assert (group / "memory.swap.max").read_text() == "0"
    assert (group / "cpu.max").read_text() == "150000 100000"
    (group / "memory.events").write_text("low 0\noom 1\noom_kill 2\n")
    assert ran_out_of_memory([group])
    (group / "memory.events").write_text("oom_kill 0\n")
    assert not ran_out_of_memory([group])


def test_settings_override_what_the_machine_has(make_backend: MakeBackend) -> None:
    backend = make_backend(cores=50, memory=100 * MIB, reserve_memory=30 * MIB, reserve_cores=2, labels={"fast"})
    (node,) = backend.nodes()
    assert (node.total.cores, node.total.memory, node.labels) == (48.0, 70 * MIB, frozenset({"fast"}))
