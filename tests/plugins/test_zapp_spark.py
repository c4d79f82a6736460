"""The ZApp type `spark`: its parameters, its document, and what it makes of Spark's own answers."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from pydantic import ValidationError

from zapp_spark import java, memory, progress, settings
from zapp_spark.parameters import SparkParameters
from zapp_spark.spark_type import SparkType
from zoe import zapp
from zoe.plugin import Address, Deployment, NoSettings, RunningService

MIB, GIB = 1024**2, 1024**3


@pytest.fixture
def spark(tmp_path: Path) -> SparkType:
    return SparkType(NoSettings(), Deployment("test", "id", tmp_path))


def made(spark: SparkType, **parameters: object) -> zapp.ZApp:
    document = spark.zapp(SparkParameters.model_validate({"script": "jobs/wc.py", **parameters}))
    return zapp.read(json.loads(json.dumps(document)))


def words(document: zapp.ZApp, group: str) -> tuple[str, ...]:
    command = next(service.command for service in document.services if service.name == group)
    assert isinstance(command, tuple)
    return command


def after(words: tuple[str, ...], option: str) -> list[str]:
    return [words[index + 1] for index, word in enumerate(words) if word == option]


def test_the_document_is_a_valid_zapp_that_ends_with_its_driver(spark: SparkType) -> None:
    document = made(spark)
    assert document.will_end
    assert [(service.name, service.monitor, service.startup_order) for service in document.services] == [
        ("spark-master", False, 0),
        ("spark-worker", False, 1),
        ("spark-driver", True, 2),
    ]


def test_workers_beyond_the_minimum_are_elastic(spark: SparkType) -> None:
    core = {instance.name: instance.core for instance in zapp.instances(made(spark, workers=3, workers_min=2))}
    assert core == {
        "spark-master0": True,
        "spark-worker0": True,
        "spark-worker1": True,
        "spark-worker2": False,
        "spark-driver0": True,
    }


def test_by_default_all_of_it_fits_a_laptop_of_2_cores_and_4_gb(spark: SparkType) -> None:
    reserved = [zapp.reserved(instance.service, 1, GIB) for instance in zapp.instances(made(spark))]
    assert sum(cores for cores, _, _ in reserved) <= 1.5
    assert sum(size for _, size, _ in reserved) <= 3.25 * GIB


@pytest.mark.parametrize("cores", [1, 2, 8, 64])
@pytest.mark.parametrize("more", [0, 3 * GIB, 100 * GIB])
def test_the_executor_and_the_daemon_fit_the_worker(spark: SparkType, cores: int, more: int) -> None:
    size = memory.smallest_worker(cores) + more
    document = made(spark, worker_cores=cores, worker_memory=size)
    offered, driver = after(words(document, "spark-worker"), "--memory"), words(document, "spark-driver")
    heap = int(offered[0].removesuffix("M")) * MIB
    assert f"spark.executor.memory={heap // MIB}m" in after(driver, "--conf")
    assert memory.SMALLEST_HEAP - MIB < heap <= size - memory.WORKER_DAEMON - cores * memory.PYTHON_WORKER


def test_arguments_reach_the_script_as_they_are(spark: SparkType) -> None:
    arguments = ["--class", "a b", "$HOME", '{"json": [1]}', ""]
    assert list(words(made(spark, arguments=arguments), "spark-driver")[-6:]) == ["{workspace}/jobs/wc.py", *arguments]


def test_settings_reach_the_driver_and_java_options_join_ours(spark: SparkType) -> None:
    conf = {"spark.sql.shuffle.partitions": 8, "spark.eventLog.enabled": True, "spark.driver.extraJavaOptions": "-Da=b"}
    given = after(words(made(spark, conf=conf), "spark-driver"), "--conf")
    assert {"spark.sql.shuffle.partitions=8", "spark.eventLog.enabled=true"} <= set(given)
    assert [word for word in given if word.startswith("spark.driver.extraJavaOptions=")] == [
        "spark.driver.extraJavaOptions=-XX:-UsePerfData -Djava.io.tmpdir=. -Da=b"
    ]


def test_downloaded_packages_are_kept_in_the_workspace(spark: SparkType) -> None:
    conf = {"spark.jars.packages": "org.example:thing:1.0"}
    assert "spark.jars.ivy={workspace}/.ivy2" in after(words(made(spark, conf=conf), "spark-driver"), "--conf")
    assert "spark.jars.ivy={workspace}/.ivy2" not in after(words(made(spark), "spark-driver"), "--conf")


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"script": "/etc/job.py"}, "relative to the workspace"),
        ({"script": "../job.py"}, "relative to the workspace"),
        ({"script": "a/../../job.py"}, "relative to the workspace"),
        ({"script": "job\n.py"}, "control characters"),
        ({"script": "job.sh"}, "ends in .py"),
        ({"script": "job.py", "arguments": ["a\x00b"]}, "control characters"),
        ({"script": "job.py", "main_class": "org.example.Main"}, "for a .jar only"),
        ({"script": "job.jar", "main_class": "--conf"}, "pattern"),
        ({"script": "job.py", "workers": 0}, "greater than or equal to 1"),
        ({"script": "job.py", "workers": "2"}, "valid integer"),
        ({"script": "job.py", "workers": 1, "workers_min": 2}, "more than workers"),
        ({"script": "job.py", "worker_memory": "900M"}, "greater than or equal to"),
        ({"script": "job.py", "worker_memory": "much"}, "valid integer"),
        ({"script": "job.py", "worker_cores": 4, "worker_memory": "1G"}, "at least 1408M"),
        ({"script": "job.py", "variant": "notebook"}, "Extra inputs"),
        ({"script": "job.py", "image": "spark"}, "pattern"),
        ({"script": "job.py", "wrokers": 2}, "Extra inputs"),
        ({"script": "job.py", "conf": {"spark.master": "local"}}, "own master"),
        ({"script": "job.py", "conf": {"spark.ssl.enabled": "true"}}, "would have to know it too"),
        ({"script": "job.py", "conf": {"--jars": "x"}}, "begins with `spark.`"),
        ({"script": "job.py", "conf": {"spark.a=b": "x"}}, "begins with `spark.`"),
        ({"script": "job.py", "conf": {"spark.a": "x\ny"}}, "control characters"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_reason(parameters: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        SparkParameters.model_validate(parameters)
    assert said in str(refused.value)


def test_sizes_are_bytes_or_text() -> None:
    given = ["1G", "1024m", "1 GiB", "1.5gb", GIB]
    assert [memory.parse_size(size) for size in given] == [GIB, GIB, GIB, GIB * 3 // 2, GIB]


def test_every_setting_of_ours_is_one_that_a_person_cannot_undo(spark: SparkType) -> None:
    ours = {word.partition("=")[0] for word in after(words(made(spark), "spark-driver"), "--conf")}
    free = {name for name in ours if settings.why_refused(name) is None}
    assert free == {"spark.ui.showConsoleProgress", "spark.log.level", *settings.JAVA_OPTIONS}


def test_every_parameter_is_described_for_forms_and_help() -> None:
    properties: dict[str, dict[str, Any]] = SparkParameters.model_json_schema()["properties"]
    assert [name for name, schema in properties.items() if not schema.get("description")] == []


def test_progress_counts_tasks_of_all_known_jobs_without_the_skipped_ones() -> None:
    first = {
        "numTasks": 12, "numSkippedTasks": 0, "numCompletedTasks": 12,
        "stageIds": [0, 1], "numSkippedStages": 0, "numCompletedStages": 2,
    }  # fmt: skip
    second = {
        "numTasks": 12, "numSkippedTasks": 8, "numCompletedTasks": 0,
        "stageIds": [2, 3], "numSkippedStages": 1, "numCompletedStages": 0,
    }  # fmt: skip
    seen = progress.of_jobs([second, first], workers=1)
    assert (seen.text, seen.fraction) == ("stage 3 of 3: 12 of 16 tasks, 1 worker", 0.75)


@pytest.fixture
def answering() -> Iterator[dict[str, bytes]]:
    """What a web server at the returned `port` answers by path; anything else is 404."""
    answers: dict[str, bytes] = {}

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in answers else 404)
            self.end_headers()
            self.wfile.write(answers.get(self.path, b""))

        def log_message(self, *words: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        answers["port"] = str(server.server_port).encode()
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield answers
        server.shutdown()


def services(port: int) -> list[RunningService]:
    names = ("spark-master", "spark-driver")
    return [RunningService(f"{name}0", name, lambda _: Address("127.0.0.1", port)) for name in names]


@pytest.mark.parametrize(
    ("master", "said"),
    [
        (b'{"workers": [{"state": "ALIVE"}, {"state": "DEAD"}]}', "waiting for the driver, 1 worker"),
        (b'{"workers": [], "activeapps": [{"id": "app-1"}]}', "application started, 0 workers"),
        (b"not JSON", None),
        (b"[]", None),
    ],
)
def test_progress_before_the_driver_answers_is_told_by_the_master(
    spark: SparkType, answering: dict[str, bytes], master: bytes, said: str | None
) -> None:
    answering["/json/"] = master
    seen = spark.progress(services(int(answering["port"])))
    assert (seen.text if seen else None) == said


def test_progress_is_unknown_while_nobody_answers(spark: SparkType) -> None:
    assert spark.progress([]) is None
    assert spark.progress(services(1)) is None


@pytest.mark.parametrize(
    ("release", "said"),
    [
        ('JAVA_VERSION="11.0.2"\n', "needs Java 17"),
        ('JAVA_VERSION="21"\nMODULES="java.base java.sql"\n', "jdk.incubator.vector"),
        ('JAVA_VERSION="21"\nMODULES="java.base jdk.incubator.vector"\n', None),
        ("", None),
    ],
)
def test_a_java_that_will_not_do_is_told_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, release: str, said: str | None
) -> None:
    (tmp_path / "bin").mkdir()
    for program in ("java", "spark-class"):
        (tmp_path / "bin" / program).write_text("#!/bin/sh\n")
        (tmp_path / "bin" / program).chmod(0o755)
    (tmp_path / "release").write_text(release)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    told = java.missing()
    assert (told is None) if said is None else (told is not None and said in told and "apt-get install" in told)
