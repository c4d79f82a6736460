"""The ways to an engine: TCP with certificates on both sides, ssh, and several engines at once."""

import gc
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backend_docker.backend import DockerBackend
from backend_docker.settings import DockerSettings, EngineSettings, TlsSettings
from tests.engines.certificates import Authority, authority
from tests.engines.daemon import Daemon
from tests.engines.shell_door import ShellDoor, shell_door
from tests.engines.single import TLS_PORT, authority_of
from zoe.errors import BackendUnavailableError
from zoe.plugin import Deployment, ServiceState
from zoe.testing.changes import watched
from zoe.testing.service_spec import service_spec

pytestmark = [
    pytest.mark.engine,
    pytest.mark.xdist_group("docker"),
    # The library docker leaves a socket open where an engine does not answer.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@contextmanager
def opened(tmp_path: Path, *engines: EngineSettings, timeout: float = 20.0) -> Iterator[DockerBackend]:
    settings = DockerSettings(engines=engines, timeout=timeout)
    backend = DockerBackend(settings, Deployment("ways", tmp_path.name, tmp_path))
    backend.open()
    try:
        yield backend
        for report in backend.services() if all(node.online for node in backend.nodes()) else ():
            backend.stop(report.handle, 0)
            backend.remove(report.handle)
    finally:
        backend.close()
        gc.collect()


def runs_a_service(backend: DockerBackend, tmp_path: Path, number: int) -> None:
    """Everything once: calls, the stream of events, a log that is followed, a stop."""
    assert [node.remarks for node in backend.nodes()] == [[]]
    changes = watched(backend)
    node = backend.nodes()[0].name
    report = backend.start(service_spec(backend, tmp_path / "w", number, "echo hello; sleep 1000"), node)
    following = (piece for piece in backend.logs(report.handle, follow=True) if piece)
    assert next(following).endswith(b"hello\n")
    assert backend.usage([report.handle])[report.handle].memory > 0
    backend.stop(report.handle, 0)
    assert changes.wait_for(number).state == ServiceState.DEAD
    assert not list(following)


@pytest.fixture
def trusted(docker_engine: Daemon) -> Authority:
    return authority_of(docker_engine)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("tls") / "stranger")


def by_tls(ca: Authority, signer: Authority, host: str = "127.0.0.1") -> EngineSettings:
    certificate, key = signer.sign("zoe", "clientAuth")
    tls = TlsSettings(ca=ca.certificate, cert=certificate, key=key)
    return EngineSettings(name="far", url=f"tcp://{host}:{TLS_PORT}", tls=tls)


def test_an_engine_behind_tls_runs_services_whatever_authorities_the_environment_names(
    trusted: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    with opened(tmp_path, by_tls(trusted, trusted)) as backend:
        runs_a_service(backend, tmp_path, 30_001)


def test_an_engine_whose_certificate_another_authority_signed_is_not_trusted(
    trusted: Authority, stranger: Authority, tmp_path: Path
) -> None:
    with opened(tmp_path, by_tls(stranger, trusted)) as backend:
        (node,) = backend.nodes()
        assert not node.online
        assert "its certificate is not to be trusted (" in node.remarks[0]
        assert "see tls.ca" in node.remarks[0]


def test_an_engine_under_another_name_than_its_certificate_has_is_not_trusted(
    trusted: Authority, tmp_path: Path
) -> None:
    with opened(tmp_path, by_tls(trusted, trusted, host="localhost")) as backend:
        assert "its certificate is not to be trusted (" in backend.nodes()[0].remarks[0]


def test_an_engine_that_does_not_know_who_signed_for_zoe_says_so(
    trusted: Authority, stranger: Authority, tmp_path: Path
) -> None:
    with opened(tmp_path, by_tls(trusted, stranger)) as backend:
        assert "it does not accept Zoe's certificate" in backend.nodes()[0].remarks[0]


def test_a_certificate_that_is_not_there_is_named(trusted: Authority, tmp_path: Path) -> None:
    nowhere = tmp_path / "none.pem"
    tls = TlsSettings(ca=trusted.certificate, cert=nowhere, key=nowhere)
    with opened(tmp_path, EngineSettings(name="far", url="tcp://127.0.0.1:1", tls=tls)) as backend:
        assert str(nowhere) in backend.nodes()[0].remarks[0]


@pytest.fixture(scope="module")
def ssh(docker_engine: Daemon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShellDoor]:
    with shell_door(tmp_path_factory.mktemp("ssh"), docker_engine.url) as door:
        yield door


def test_an_engine_behind_ssh_runs_services(ssh: ShellDoor, tmp_path: Path) -> None:
    with opened(tmp_path, EngineSettings(name="far", url=ssh.url, ssh_config=ssh.config)) as backend:
        runs_a_service(backend, tmp_path, 30_002)


def test_a_host_that_ssh_does_not_know_is_not_trusted(ssh: ShellDoor, tmp_path: Path) -> None:
    with opened(tmp_path, EngineSettings(name="far", url=ssh.url, ssh_config=ssh.stranger)) as backend:
        assert "Host key verification failed" in backend.nodes()[0].remarks[0]


def test_a_person_whom_the_other_machine_does_not_let_in_reads_what_ssh_says(ssh: ShellDoor, tmp_path: Path) -> None:
    url = f"ssh://nobody-of-this-name@{ssh.url.partition('@')[2]}"
    with opened(tmp_path, EngineSettings(name="far", url=url, ssh_config=ssh.config)) as backend:
        assert "ssh says:" in backend.nodes()[0].remarks[0]
        assert "Permission denied" in backend.nodes()[0].remarks[0]


def test_an_engine_that_does_not_answer_is_an_offline_node_that_says_why(tmp_path: Path) -> None:
    engine = EngineSettings(name="gone", url=f"unix://{tmp_path}/none.sock", disabled=True)
    backend = DockerBackend(DockerSettings(engines=[engine]), Deployment("tests", "x", tmp_path))
    backend.open()
    try:
        (node,) = backend.nodes()
        assert (node.online, node.disabled) == (False, True)
        assert "No such file" in node.remarks[0]
        spec = service_spec(backend, tmp_path / "workspace", 1, "sleep 1000")
        for call in (lambda: backend.start(spec, "gone"), lambda: list(backend.services())):
            with pytest.raises(BackendUnavailableError, match="the engine gone does not answer"):
                call()
    finally:
        backend.close()


def test_a_port_where_nobody_listens_is_an_offline_node(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with opened(tmp_path, EngineSettings(name="far", url=f"tcp://127.0.0.1:{port}")) as backend:
        assert backend.nodes()[0].remarks == ["Connection refused"]


def test_with_several_engines_an_execution_belongs_on_one(docker_engine: Daemon, tmp_path: Path) -> None:
    engines = [EngineSettings(name=name, url=docker_engine.url) for name in ("node1", "node2")]
    for some, together in ((engines, True), (engines[:1], False)):
        backend = DockerBackend(DockerSettings(engines=some), Deployment("ways", tmp_path.name, tmp_path))
        assert backend.one_node_networks is together
