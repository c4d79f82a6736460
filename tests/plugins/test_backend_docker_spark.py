"""A Spark cluster in containers: the ZApp of the demonstration, with not a line changed."""

from pathlib import Path

import pytest

from backend_docker.backend import DockerBackend
from backend_docker.settings import DockerSettings, EngineSettings
from tests.engines.daemon import Daemon
from tests.engines.images import SPARK, give_spark
from tests.engines.wordcount import count_words
from zoe.plugin import Deployment

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.xdist_group("docker")]


def test_spark_counts_words_in_containers_of_a_user_whom_the_image_does_not_know(
    docker_engine: Daemon, tmp_path: Path
) -> None:
    give_spark(docker_engine)
    settings = DockerSettings(engines=[EngineSettings(name="node1", url=docker_engine.url)], pull="never")
    backend = DockerBackend(settings, Deployment("words", tmp_path.name, tmp_path))
    backend.open()
    try:
        code, said = count_words(backend, tmp_path / "workspace", SPARK, ["node1"])
        assert code == 0, said
        assert "wordcount-summary:" in said
    finally:
        for report in backend.services():
            backend.remove(report.handle)
        backend.close()
