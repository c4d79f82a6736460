"""The backend `docker` on a real engine: what a container is, what it may, and what becomes of it."""

import itertools
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import docker
import pytest
from docker.errors import APIError

from backend_docker.backend import DockerBackend
from backend_docker.devices import Gpus
from backend_docker.settings import DockerSettings, EngineSettings
from tests.engines.daemon import Daemon
from tests.engines.single import OWN_POOLS
from zoe.errors import BackendBusyError, BackendRefusedError
from zoe.plugin import Backend, Deployment, Handle, Limits, Resources, ServiceReport, ServiceState, VolumeSpec
from zoe.testing.changes import Changes, watched
from zoe.testing.service_spec import service_spec

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("docker")]

MIB = 1024**2
FOR_EVER = "sleep 1000"
WEB = "mkdir /tmp/www; echo hello > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www"
Make = Callable[..., DockerBackend]
_numbers = itertools.count(1)


@pytest.fixture
def client(docker_engine: Daemon) -> Iterator[docker.APIClient]:
    with docker_engine.client() as client:
        yield client


@pytest.fixture
def make_backend(docker_engine: Daemon, tmp_path: Path) -> Iterator[Make]:
    made: list[DockerBackend] = []

    def make(deployment: str = "mine", **settings: object) -> DockerBackend:
        engine = EngineSettings(name="node1", url=docker_engine.url, gpus=2)
        found = DockerSettings.model_validate({"engines": [engine], **settings})
        made.append(DockerBackend(found, Deployment("tests", f"{deployment}-{tmp_path.name}", tmp_path)))
        made[-1].open()
        return made[-1]

    yield make
    for backend in made:
        for report in backend.services():
            backend.stop(report.handle, 0)
            backend.remove(report.handle)
        backend.close()


@pytest.fixture
def backend(make_backend: Make) -> DockerBackend:
    return make_backend()


@pytest.fixture
def changes(backend: Backend) -> Changes:
    return watched(backend)


def start(backend: Backend, tmp_path: Path, command: str, **fields: object) -> ServiceReport:
    spec = service_spec(backend, tmp_path / "workspace", next(_numbers), command, **fields)
    return backend.start(spec, "node1")


def output(backend: Backend, handle: Handle) -> list[str]:
    """Wait for the end, at most for six signs of life, and return what it said."""
    found: list[str] = []
    silent = 0
    for line in backend.logs(handle, follow=True):
        silent += not line
        assert silent < 6, f"it did not end; it said: {found}"
        found += [line[20:-1].decode()] if line else []
    return found


def inside(client: docker.APIClient, report: ServiceReport, command: str) -> str:
    """Run a command in a running container and return what it said."""
    container = container_of(report)
    run = client.exec_create(container, ["sh", "-c", command])["Id"]
    said: bytes = client.exec_start(run)
    return said.decode()


def container_of(report: ServiceReport) -> str:
    return str(json.loads(report.handle)["container"])


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def networks(client: docker.APIClient, backend: Backend) -> list[dict[str, object]]:
    found: list[dict[str, object]] = client.networks(filters={"label": f"zoe_deployment_id={backend.deployment.id}"})
    return found


def test_a_service_runs_as_its_owner_without_any_privilege(backend: Backend, tmp_path: Path) -> None:
    report = start(backend, tmp_path, "id -u; id -g; grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status")
    assert output(backend, report.handle) == [
        *("1000", "1000"),
        *("CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"),
    ]


def test_a_service_writes_its_owners_workspace_and_sees_volumes_as_allowed(backend: Backend, tmp_path: Path) -> None:
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "title").write_text("moby\n")
    report = start(
        backend,
        tmp_path,
        "cat /mnt/books/title; echo written > /mnt/workspace/result; touch /mnt/books/x || echo closed",
        volumes=[VolumeSpec(tmp_path / "books", "/mnt/books")],
    )
    assert {"moby", "closed"} <= set(output(backend, report.handle))
    written = tmp_path / "workspace" / "result"
    assert written.read_text() == "written\n"
    assert written.stat().st_uid == 1000


def test_the_limits_are_those_that_were_asked_for(backend: Backend, tmp_path: Path, client: docker.APIClient) -> None:
    limits = Limits(cores=0.5, memory=64 * MIB, shm=8 * MIB)
    report = start(backend, tmp_path, FOR_EVER, reserved=Resources(0.25, 32 * MIB), limits=limits)
    told = client.inspect_container(container_of(report))["HostConfig"]
    assert (told["NanoCpus"], told["CpuShares"]) == (500_000_000, 256)
    assert (told["Memory"], told["MemorySwap"], told["MemoryReservation"]) == (64 * MIB, 64 * MIB, 32 * MIB)
    assert (told["ShmSize"], told["PidsLimit"], told["Init"]) == (8 * MIB, 4096, True)
    assert not told["PortBindings"]


def test_a_service_has_its_name_and_labels(backend: Backend, tmp_path: Path, client: docker.APIClient) -> None:
    report = start(backend, tmp_path, FOR_EVER, labels={"colour": "blue", "zoe_gpus": "0", "zoe_owner": "eve"})
    told = client.inspect_container(container_of(report))
    name = backend.dns_name(report.who)
    assert (told["Name"], told["Config"]["Hostname"]) == (f"/{name}", name)
    labels = told["Config"]["Labels"]
    assert labels["colour"] == "blue"
    assert "zoe_gpus" not in labels
    assert labels["zoe_service_id"] == str(report.who.id)
    assert labels["zoe_owner"] == "ada"


def test_using_more_memory_than_the_limit_is_told_in_words(backend: Backend, changes: Changes, tmp_path: Path) -> None:
    limits = Limits(memory=32 * MIB)
    report = start(backend, tmp_path, "sleep 0.2; tail /dev/zero", limits=limits)
    told = changes.wait_for(report.who.id)
    assert told.state == ServiceState.OOM_KILLED
    assert told.reason == "was killed because it used more memory than its limit of 32 MiB"
    assert told.exit_code not in {0, None}


def test_a_name_that_a_foreign_container_has_is_refused_and_the_container_left_alone(
    backend: Backend, tmp_path: Path, client: docker.APIClient
) -> None:
    spec = service_spec(backend, tmp_path / "workspace", next(_numbers), FOR_EVER)
    foreign = client.create_container("busybox", FOR_EVER, name=spec.dns_name)["Id"]
    try:
        with pytest.raises(BackendRefusedError, match=f"the name {spec.dns_name} is taken on node1"):
            backend.start(spec, "node1")
        assert client.inspect_container(foreign)["State"]["Status"] == "created"
    finally:
        client.remove_container(foreign, force=True)


def test_a_container_that_was_created_and_never_started_is_made_anew(
    backend: Backend, tmp_path: Path, client: docker.APIClient
) -> None:
    spec = service_spec(backend, tmp_path / "workspace", next(_numbers), FOR_EVER)
    labels = {"zoe_deployment_id": backend.deployment.id, "zoe_service_id": str(spec.who.id)}
    client.create_container("busybox", FOR_EVER, name=spec.dns_name, labels=labels)
    report = backend.start(spec, "node1")
    assert report.state == ServiceState.STARTED
    assert [found.handle for found in backend.services()] == [report.handle]


def test_a_container_removed_by_somebody_else_is_reported(
    backend: Backend, changes: Changes, tmp_path: Path, client: docker.APIClient
) -> None:
    report = start(backend, tmp_path, FOR_EVER)
    client.remove_container(container_of(report), force=True)
    assert changes.wait_for(report.who.id).exit_code in {137, None}
    backend.stop(report.handle, 1)
    backend.remove(report.handle)
    assert not list(backend.services())
    assert not networks(client, backend)


def test_a_paused_service_lives_and_can_be_stopped(backend: Backend, tmp_path: Path, client: docker.APIClient) -> None:
    report = start(backend, tmp_path, FOR_EVER)
    client.pause(container_of(report))
    assert [found.state for found in backend.services()] == [ServiceState.STARTED]
    backend.stop(report.handle, 1)
    assert [found.state for found in backend.services()] == [ServiceState.DEAD]


def test_containers_of_another_deployment_are_not_seen(make_backend: Make, tmp_path: Path) -> None:
    mine, other = make_backend("mine"), make_backend("other")
    start(other, tmp_path, FOR_EVER)
    assert not list(mine.services())
    assert len(list(other.services())) == 1


def test_services_of_one_user_find_each_other_and_nobody_elses(
    backend: Backend, tmp_path: Path, client: docker.APIClient
) -> None:
    server = start(backend, tmp_path, WEB)
    own = start(backend, tmp_path, FOR_EVER)
    foreign = start(backend, tmp_path, FOR_EVER, owner="eve")
    look_up = f"nslookup {backend.dns_name(server.who)}"
    fetch = f"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 2 {server.address} 8080"
    until(lambda: "hello" in inside(client, own, fetch))
    assert str(server.address) in inside(client, own, look_up)
    assert str(server.address) not in inside(client, foreign, look_up)
    assert "hello" not in inside(client, foreign, fetch)


def test_a_network_lives_from_the_first_service_of_its_user_to_the_last(
    backend: Backend, tmp_path: Path, client: docker.APIClient
) -> None:
    reports = [start(backend, tmp_path, FOR_EVER) for _ in range(2)]
    assert len(networks(client, backend)) == 1
    for expected, report in zip((1, 0), reports, strict=True):
        backend.stop(report.handle, 0)
        backend.remove(report.handle)
        assert len(networks(client, backend)) == expected


def test_more_users_than_an_engine_has_pools_get_networks(
    backend: Backend, tmp_path: Path, client: docker.APIClient
) -> None:
    there = [client.create_network(f"other{number}", driver="bridge") for number in range(OWN_POOLS)]
    try:
        with pytest.raises(APIError, match="available"):
            client.create_network("one-too-many", driver="bridge")
        for number in range(OWN_POOLS):
            start(backend, tmp_path, "true", owner=f"user{number}")
        assert len(networks(client, backend)) == OWN_POOLS
    finally:
        for network in there:
            client.remove_network(network["Id"])


def test_a_range_without_a_free_subnet_sends_the_execution_back_to_the_queue(
    make_backend: Make, tmp_path: Path
) -> None:
    backend = make_backend(network={"subnets": "10.199.0.0/28", "subnet_prefix": 29})
    for user in ("ada", "eve"):
        start(backend, tmp_path, FOR_EVER, owner=user)
    with pytest.raises(BackendBusyError, match="give a larger range"):
        start(backend, tmp_path, FOR_EVER, owner="joe")


def test_two_services_never_share_a_gpu(backend: Backend, tmp_path: Path) -> None:
    gpus = Gpus(2)
    assert {*gpus.take(1, 1), *gpus.take(2, 1)} == {"0", "1"}
    with pytest.raises(BackendBusyError, match="1 GPUs were asked for and 0 are free"):
        gpus.take(3, 1)
    gpus.give_back(1)
    assert gpus.take(3, 1) == ["0"]


def test_a_long_log_keeps_its_end_and_says_that_it_was_cut(make_backend: Make, tmp_path: Path) -> None:
    backend = make_backend(log_max_bytes=65536)
    report = start(backend, tmp_path, "i=0; while [ $i -lt 9000 ]; do echo line $i of the log; i=$((i+1)); done")
    changes = watched(backend)
    if report.state == ServiceState.STARTED:
        changes.wait_for(report.who.id)
    lines = list(backend.logs(report.handle, follow=False))
    assert b"line 8999" in lines[-2]
    assert b"its beginning may be cut" in lines[-1]
    assert sum(map(len, lines)) < 65536 + 200


def test_a_line_longer_than_the_engines_frames_stays_one_line(backend: Backend, tmp_path: Path) -> None:
    report = start(backend, tmp_path, "head -c 50000 /dev/zero | tr '\\0' x; echo")
    assert output(backend, report.handle) == ["x" * 50000]


def test_a_missing_volume_is_refused_with_its_path(backend: Backend, tmp_path: Path) -> None:
    with pytest.raises(BackendRefusedError, match="no/such/place"):
        start(backend, tmp_path, FOR_EVER, volumes=[VolumeSpec(Path("/no/such/place"), "/mnt/x")])


def test_a_user_id_of_the_system_is_refused(backend: Backend, tmp_path: Path) -> None:
    spec = service_spec(backend, tmp_path / "workspace", next(_numbers), FOR_EVER)
    with pytest.raises(BackendRefusedError, match="belongs to the system"):
        backend.start(replace(spec, owner_uid=0), "node1")
