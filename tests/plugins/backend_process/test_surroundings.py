"""As whom a service runs, what it sees of Zoe, and where it is reached."""

import os
import socket
import sys
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from backend_process.backend import ProcessBackend
from backend_process.loopback import loopback_address
from backend_process.settings import ProcessSettings
from tests.plugins.backend_process.kit import AS_ROOT, MakeBackend, Start, starter, wait_for_end, words_of
from zoe.errors import BackendRefusedError
from zoe.plugin import Deployment, ServiceId

as_root = pytest.mark.skipif(not AS_ROOT, reason="only root can run services as other users")
UID = 23456


def output_of(backend: ProcessBackend, start: Start, command: str, **fields: object) -> str:
    report = start(1, command, **fields)
    return "\n".join(words_of(backend, report, lines=1 << 30))


def test_nothing_of_zoes_own_environment_reaches_a_service(
    make_backend: MakeBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ZOE_ADMIN_PASSWORD", "AWS_SECRET_ACCESS_KEY", "PYTHONPATH"):
        monkeypatch.setenv(name, "hunter2")
    monkeypatch.setenv("JAVA_HOME", "/opt/java")
    backend = make_backend()
    given = {"ZOE_UID": "1000", "LANG": "eo"}
    text = output_of(backend, starter(backend, tmp_path), "env", environment=given)
    assert "hunter2" not in text
    assert {"JAVA_HOME=/opt/java", "ZOE_UID=1000", "LANG=eo"} <= set(text.split("\n"))
    assert b"hunter2" not in Path(f"/proc/{backend.keeper_pid()}/environ").read_bytes()


def test_a_service_has_a_home_and_a_directory_for_temporary_files(
    backend: ProcessBackend, start: Start, data_dir: Path
) -> None:
    home, tmp, here = output_of(backend, start, "echo $HOME; echo $TMPDIR; pwd; touch $TMPDIR/x $HOME/y").split("\n")
    assert home == here == str(data_dir / "process/services/1/work")
    assert tmp == str(data_dir / "process/services/1/tmp")


def test_the_programs_of_zoes_own_python_are_found_first(backend: ProcessBackend, start: Start) -> None:
    python = Path(sys.executable)
    assert output_of(backend, start, f"command -v {python.name}") == str(python)


def test_no_descriptor_of_the_keeper_reaches_a_service(backend: ProcessBackend, start: Start) -> None:
    assert output_of(backend, start, "ls /proc/$$/fd").split() == ["0", "1", "2"]


def test_no_service_gains_rights(backend: ProcessBackend, start: Start) -> None:
    assert output_of(backend, start, "grep NoNewPrivs /proc/self/status").split()[1] == "1"


def test_every_service_has_a_loopback_address_of_its_own() -> None:
    addresses = [IPv4Address(loopback_address("some-id", number)) for number in range(20_000)]
    assert len(set(addresses)) == 20_000
    assert all(address in IPv4Network("127.0.0.0/8") for address in addresses)
    assert not any(address in IPv4Network("127.0.0.0/16") for address in addresses)
    assert not {0, 255} & {address.packed[3] for address in addresses}


def test_deployments_on_one_machine_do_not_meet() -> None:
    here, there = ({loopback_address(name, number) for number in range(1000)} for name in ("one", "another"))
    assert not here & there


def test_a_service_finds_the_others_at_the_address_they_bind_to(backend: ProcessBackend, start: Start) -> None:
    who = ServiceId(1, 1001, "work0")
    listen = "import socket; s = socket.create_server(('{}', 8080)); print('up', flush=True); s.accept()[0].send(b'hi')"
    report = start(1, (sys.executable, "-c", listen.format(backend.bind_address(who))))
    words_of(backend, report)
    assert report.address == backend.dns_name(who)
    address = backend.address(report.handle, 8080)
    with socket.create_connection((address.host, address.port), timeout=60) as connection:
        assert connection.recv(10) == b"hi"


def test_a_service_sees_the_workspace_where_it_is(backend: ProcessBackend, tmp_path: Path) -> None:
    assert backend.workspace(ServiceId(1, 1, "work0"), tmp_path) == str(tmp_path)


@pytest.fixture
def as_owner(open_dir: Path) -> Iterator[ProcessBackend]:
    backend = ProcessBackend(ProcessSettings(), Deployment("test", "some-id", open_dir / "zoe"))
    (open_dir / "zoe").mkdir(mode=0o711)
    backend.open()
    yield backend
    for report in backend.services():
        backend.remove(report.handle)
    keeper = backend.keeper_pid()
    backend.close()
    wait_for_end(keeper)


@as_root
def test_as_root_a_service_runs_as_its_owner_with_its_own_directories(as_owner: ProcessBackend, open_dir: Path) -> None:
    command = (
        "id -u; id -g; id -G; touch $HOME/a $TMPDIR/b $ZOE_WORKSPACE/c && stat -c %u $ZOE_WORKSPACE; echo > /dev/stdout"
    )
    environment = {"ZOE_WORKSPACE": str(open_dir / "workspace")}
    text = output_of(as_owner, starter(as_owner, open_dir), command, environment=environment, owner_uid=UID)
    assert text.split() == [str(UID)] * 4


@as_root
def test_a_service_cannot_read_what_is_zoes(as_owner: ProcessBackend, open_dir: Path) -> None:
    process = open_dir / "zoe/process"
    secret = ["keeper", "services/1/record", "services/1/log", "services", "trash", ""]
    command = "; ".join(f"ls {process / name}/ 2>&1; cat {process / name} 2>&1" for name in secret)
    text = output_of(as_owner, starter(as_owner, open_dir), command, owner_uid=UID)
    assert len([line for line in text.split("\n") if line.endswith("Permission denied")]) >= 6
    assert "lock" not in text
    assert "execution_id" not in text


@as_root
@pytest.mark.parametrize("uid", [0, 1, 999])
def test_as_root_no_service_runs_as_a_user_of_the_system(as_owner: ProcessBackend, open_dir: Path, uid: int) -> None:
    with pytest.raises(BackendRefusedError, match=f"user id {uid}, which belongs to the system"):
        starter(as_owner, open_dir)(1, "true", owner_uid=uid)


@as_root
@pytest.mark.parametrize("closed", ["zoe", "."])
def test_a_directory_that_the_owner_cannot_pass_is_named(as_owner: ProcessBackend, open_dir: Path, closed: str) -> None:
    (open_dir / closed).chmod(0o700)
    with pytest.raises(BackendRefusedError, match=f"chmod o\\+x {open_dir / closed}`"):
        starter(as_owner, open_dir)(1, "true", owner_uid=UID)


@as_root
def test_a_service_of_self_runs_as_zoe(backend: ProcessBackend, start: Start) -> None:
    assert output_of(backend, start, "id -u", owner_uid=0) == str(os.geteuid())
