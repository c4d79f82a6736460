"""Images: when they are fetched from a real registry, what is told meanwhile, and which an engine is known to have."""

import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from backend_docker.backend import DockerBackend
from backend_docker.progress import PullProgress
from backend_docker.settings import DockerSettings, EngineSettings
from backend_docker.shelf import names_of
from tests.engines.daemon import Daemon
from tests.engines.registry import Registry, registry
from zoe.errors import BackendRefusedError
from zoe.plugin import Deployment, ServiceReport, ServiceState
from zoe.testing.changes import watched
from zoe.testing.service_spec import service_spec

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("docker")]

MB = 1_000_000
Make = Callable[..., DockerBackend]
_numbers = itertools.count(20_000)


@pytest.fixture
def client(docker_engine: Daemon) -> Iterator[docker.APIClient]:
    with docker_engine.client() as client:
        yield client


@pytest.fixture
def shop(docker_engine: Daemon, tmp_path: Path) -> Iterator[Registry]:
    assert docker_engine.answers()
    with registry(tmp_path) as found:
        yield found


@pytest.fixture
def make_backend(docker_engine: Daemon, tmp_path: Path) -> Iterator[Make]:
    made: list[DockerBackend] = []

    def make(**settings: object) -> DockerBackend:
        engine = EngineSettings(name="node1", url=docker_engine.url)
        found = DockerSettings.model_validate({"engines": [engine], **settings})
        made.append(DockerBackend(found, Deployment("images", tmp_path.name, tmp_path)))
        made[-1].open()
        return made[-1]

    yield make
    for backend in made:
        for report in backend.services():
            backend.stop(report.handle, 0)
            backend.remove(report.handle)
        backend.close()


def start(backend: DockerBackend, tmp_path: Path, image: str, execution: int | None = None) -> ServiceReport:
    spec = service_spec(backend, tmp_path / "workspace", next(_numbers), "sleep 1000", image=image)
    who = replace(spec.who, execution_id=execution) if execution else spec.who
    return backend.start(replace(spec, who=who), "node1")


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def image_of(client: docker.APIClient, name: str) -> str:
    return str(client.inspect_image(name)["Id"])  # type: ignore[no-untyped-call]


def test_a_missing_image_is_fetched_once_and_each_execution_hears_how_far_it_is(
    make_backend: Make, shop: Registry, client: docker.APIClient, tmp_path: Path
) -> None:
    image = shop.give(client, "big/one:4", ballast=30 * MB)
    backend = make_backend()
    changes = watched(backend)
    with ThreadPoolExecutor(3) as pool:
        started = list(pool.map(lambda execution: start(backend, tmp_path, image, execution), (7001, 7001, 7002)))
    assert all(report.state == ServiceState.STARTED for report in started)
    told = [report for report in changes.reports if report.state == ServiceState.CREATED]
    for execution in (7001, 7002):
        sentences = [report.reason or "" for report in told if report.who.execution_id == execution]
        assert 2 <= len(sentences) <= 12
        assert sentences[0].startswith(f"pulling its image {image}: ")
        assert sentences[-1].startswith(f"pulled its image {image}: 3")
        assert len({report.who.id for report in told if report.who.execution_id == execution}) == 1
    client.remove_image(image, force=True)


def test_the_policy_missing_takes_the_image_that_is_there_and_always_the_newest(
    make_backend: Make, shop: Registry, client: docker.APIClient, tmp_path: Path
) -> None:
    name = shop.give(client, "changing:1")
    lazy, eager = make_backend(), make_backend(pull="always")
    start(lazy, tmp_path, name)
    old = image_of(client, name)
    client.tag(name, "kept:old")
    shop.give(client, "changing:1", ballast=MB)
    newest = client.tag("kept:old", name)
    assert newest
    start(lazy, tmp_path, name)
    assert image_of(client, name) == old
    start(eager, tmp_path, name)
    assert image_of(client, name) != old
    for one in (name, "kept:old"):
        client.remove_image(one, force=True)


def test_with_the_policy_always_an_image_that_is_up_to_date_is_told_of_nobody(
    make_backend: Make, shop: Registry, client: docker.APIClient, tmp_path: Path
) -> None:
    name = shop.give(client, "steady:1")
    client.pull(name)
    backend = make_backend(pull="always")
    changes = watched(backend)
    start(backend, tmp_path, name)
    assert not changes.reports
    client.remove_image(name, force=True)


@pytest.mark.parametrize("policy", ["missing", "always"])
def test_a_bad_image_fails_its_own_start_alone(
    make_backend: Make, shop: Registry, client: docker.APIClient, tmp_path: Path, policy: str
) -> None:
    good = shop.give(client, "good:1")
    backend = make_backend(pull=policy)
    bad = f"{shop.address}/no/such:1"
    with ThreadPoolExecutor(4) as pool:
        refused = [pool.submit(start, backend, tmp_path, bad) for _ in range(2)]
        fine = [pool.submit(start, backend, tmp_path, good) for _ in range(2)]
        for one in refused:
            with pytest.raises(BackendRefusedError, match=f"the image {bad} cannot be fetched: .*not found"):
                one.result()
        assert {one.result().state for one in fine} == {ServiceState.STARTED}
    client.remove_image(good, force=True)


def test_an_image_of_a_registry_that_does_not_answer_is_refused_alone(make_backend: Make, tmp_path: Path) -> None:
    backend = make_backend()
    good = start(backend, tmp_path, "busybox")
    with pytest.raises(BackendRefusedError, match=r"the image 127\.0\.0\.1:1/no/such:image cannot be fetched"):
        start(backend, tmp_path, "127.0.0.1:1/no/such:image")
    assert [report.who for report in backend.services()] == [good.who]


def test_with_the_policy_never_no_image_is_fetched(make_backend: Make, tmp_path: Path) -> None:
    with pytest.raises(BackendRefusedError, match="images are never fetched"):
        start(make_backend(pull="never"), tmp_path, "no-such-image")


@pytest.mark.parametrize("image", ["UPPER:1", "a b", "../../etc", "x:y:z", "-v", "image\nname", "ü", "a" * 5000, ""])
def test_a_name_that_no_image_can_have_is_refused(make_backend: Make, tmp_path: Path, image: str) -> None:
    backend = make_backend()
    with pytest.raises(BackendRefusedError):
        start(backend, tmp_path, image)
    assert not list(backend.services())


def test_a_node_tells_its_images_and_hears_of_new_ones(make_backend: Make, client: docker.APIClient) -> None:
    backend = make_backend()

    def images() -> frozenset[str]:
        return backend.nodes()[0].images

    assert {"busybox", "busybox:latest", "docker.io/library/busybox:latest"} <= images()
    assert "fresh:1" not in images()
    client.tag("busybox", "fresh:1")
    until(lambda: "fresh:1" in images())
    client.remove_image("fresh:1")
    until(lambda: "fresh:1" not in images())


def test_an_image_is_known_by_every_name_that_a_zapp_may_give_it() -> None:
    found = names_of(
        [
            {"Id": "sha256:1", "RepoTags": ["spark:latest", "ada/tool:2", "reg.example.org:5000/x:latest"]},
            {"Id": "sha256:2", "RepoTags": ["<none>:<none>"], "RepoDigests": ["busybox@sha256:9"]},
            {"Id": "sha256:3", "RepoTags": None},
        ]
    )
    assert {"spark", "docker.io/library/spark:latest", "docker.io/ada/tool:2", "sha256:3"} <= found
    assert {"reg.example.org:5000/x", "busybox@sha256:9"} <= found
    assert not [name for name in found if "<none>" in name or name.startswith("docker.io/reg.")]


def test_a_download_is_told_in_steps_of_ten_percent_and_two_seconds() -> None:
    progress = PullProgress("spark:4", 0.0)
    said = {"status": "Downloading", "id": "a"}
    told = [
        progress.take({**said, "progressDetail": {"current": step * MB, "total": 800 * MB}}, step / 10)
        for step in range(801)
    ]
    sentences = [sentence for sentence in told if sentence]
    assert len(sentences) == 11
    assert sentences[4] == "pulling its image spark:4: 40 %, 320 of 800 MB"
    assert progress.take({"status": "Pull complete", "id": "a"}, 81.0) is None
    assert progress.done(90.0) == "pulled its image spark:4: 800 MB in 90 s"


def test_what_is_there_already_is_no_download() -> None:
    progress = PullProgress("spark:4", 0.0)
    assert progress.take({"status": "Already exists", "id": "a", "progressDetail": {}}, 1.0) is None
    assert progress.take({"status": "Status: Image is up to date"}, 2.0) is None
    assert progress.done(3.0) is None
