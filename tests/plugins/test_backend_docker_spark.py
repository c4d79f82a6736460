"""Spark in containers: the ZApps as they are on any backend, with not a line changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend_docker.backend import DockerBackend
from backend_docker.settings import DockerSettings, EngineSettings
from tests.engines.daemon import Daemon
from tests.engines.images import SPARK, give_spark
from tests.engines.wordcount import count_words
from tests.plugins.spark_kit.cluster import eventually
from tests.plugins.spark_kit.on_backend import on_backend
from tests.plugins.spark_kit.person import Lab
from zapp_spark.notebook import LAB_PORT, NotebookParameters, NotebookType
from zoe import zapp
from zoe.plugin import Deployment, NoSettings

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.xdist_group("docker")]


@pytest.fixture
def backend(docker_engine: Daemon, tmp_path: Path) -> Iterator[DockerBackend]:
    give_spark(docker_engine)
    settings = DockerSettings(engines=[EngineSettings(name="node1", url=docker_engine.url)], pull="never")
    found = DockerBackend(settings, Deployment("words", tmp_path.name, tmp_path))
    found.open()
    yield found
    for report in found.services():
        found.remove(report.handle)
    found.close()


def test_spark_counts_words_in_containers_of_a_user_whom_the_image_does_not_know(
    backend: DockerBackend, tmp_path: Path
) -> None:
    code, said = count_words(backend, tmp_path / "workspace", SPARK, ["node1"])
    assert code == 0, said
    assert "wordcount-summary:" in said


def test_cells_of_both_languages_compute_in_containers_and_notebooks_are_the_owners(
    backend: DockerBackend, tmp_path: Path
) -> None:
    given = NotebookParameters(workers=1, image=SPARK, quick_start=True)
    zapp_type = NotebookType(NoSettings(), Deployment("words", "words", tmp_path))
    document = zapp.read(zapp_type.zapp(given))
    with on_backend(backend, document, tmp_path / "workspace", ["node1"]) as made:
        at = made.address("notebook0", LAB_PORT)
        lab = Lab(at.host, at.port, made.path("notebook0", "notebook"), given.token)
        eventually(lambda: lab.ask("/api/status"), "JupyterLab", lambda: made.log("notebook0")[-3000:])
        with lab.kernel("python3") as person:
            cell = person.run("import os\nsc.parallelize([0]).map(lambda _: os.environ['SERVICE_NAME']).first()")
            assert cell.text == "'spark-worker0'", cell
            cell = person.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);\nplt.show()")
            assert "image/png" in cell.shown, cell
        with lab.kernel("scala") as person:
            cell = person.run("case class P(n: Int)\nSeq(P(1), P(2)).toDS().map(p => P(p.n * 2)).head().n * 3")
            assert cell.text.endswith("Int = 6"), cell
            cell = person.run("display(new java.awt.image.BufferedImage(4, 4, 1))")
            assert "image/png" in cell.shown, cell
        eventually(lambda: zapp_type.busy(made.services()) is None, "nothing at work")
        examples = sorted((tmp_path / "workspace" / "examples").iterdir())
        assert {path.stat().st_uid for path in examples} == {12345}
