"""A Spark cluster as Zoe would run it: each service a plain process tree on a loopback address of its own."""

import email
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from zapp_spark import java
from zapp_spark.examples import wordcount
from zapp_spark.parameters import SparkParameters
from zapp_spark.spark_type import SparkType
from zoe import zapp
from zoe.plugin import Address, Deployment, NoSettings, RunningService

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(java.missing() is not None, reason=java.missing() or ""),
]
DEADLINE_S = 120


@dataclass
class Cluster:
    """The services of one ZApp, started by hand in the order of the format."""

    home: Path
    network: str
    document: zapp.ZApp
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.instances = {instance.name: instance for instance in zapp.instances(self.document)}
        self.addresses = {name: f"{self.network}.{10 + index}" for index, name in enumerate(self.instances)}

    def start(self, name: str) -> None:
        """Start one instance in a session and a working directory of its own."""
        instance, around = self.instances[name], self._around(name)
        directory = self.home / name
        (directory / "tmp").mkdir(parents=True)
        words = zapp.command(instance, around)
        assert isinstance(words, tuple)
        environment = {"PATH": java.search_path(), "TMPDIR": str(directory / "tmp"), "HOME": str(directory)}
        with (directory / "log").open("wb") as log:
            self.running[name] = subprocess.Popen(
                words,
                cwd=directory,
                env=environment | zapp.environment(instance, around),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _around(self, name: str) -> zapp.Surroundings:
        return zapp.Surroundings(
            user_name="ada",
            uid=os.getuid(),
            gid=os.getgid(),
            execution_id=7,
            execution_name="words",
            deployment_name="test",
            dns_names=self.addresses,
            address=self.addresses[name],
            workspace=str(self.home),
            proxy_paths={},
        )

    def log(self, name: str) -> str:
        return (self.home / name / "log").read_text(errors="replace")

    def services(self) -> list[RunningService]:
        return [RunningService(name, self.instances[name].service.name, self._dial(name)) for name in self.running]

    def _dial(self, name: str) -> Callable[[int], Address]:
        return lambda port: Address(self.addresses[name], port)

    def stop(self, name: str) -> int:
        """Ask one service to end; its exit code."""
        process = self.running[name]
        process.terminate()
        return process.wait(DEADLINE_S)

    def kill(self) -> None:
        for process in self.running.values():
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            process.wait()


@contextmanager
def cluster(home: Path, network: str, **parameters: object) -> Iterator[Cluster]:
    spark = SparkType(NoSettings(), Deployment("test", "id", home))
    document = spark.zapp(SparkParameters.model_validate(parameters))
    with ExitStack() as ending:
        made = Cluster(home, network, zapp.read(document))
        ending.callback(made.kill)
        yield made


def wait_until(made: Cluster, said: str) -> None:
    """Look how far it is, as Zoe does, until the progress says so."""
    spark, deadline = SparkType(NoSettings(), Deployment("test", "id", made.home)), time.monotonic() + DEADLINE_S
    driver = made.running["spark-driver0"]
    while time.monotonic() < deadline and driver.poll() is None:
        progress = spark.progress(made.services())
        if progress and re.search(said, progress.text):
            return
        with suppress(subprocess.TimeoutExpired):
            driver.wait(0.2)
    raise AssertionError(f"the progress never said {said!r}; the driver: {made.log('spark-driver0')}")


def left_in_tmp() -> set[str]:
    shared = Path(tempfile.gettempdir())
    return {str(path) for kind in ("spark-*", "blockmgr-*", "pyspark-*") for path in shared.glob(kind)}


@pytest.mark.slow
def test_a_late_worker_is_used_and_a_lost_one_is_no_failure_and_nothing_is_left_in_tmp(tmp_path: Path) -> None:
    shutil.copy(wordcount.__file__, tmp_path / "wc.py")
    texts = Path(email.__file__).parent.parent
    before = left_in_tmp()
    with cluster(tmp_path, "127.77.1", script="wc.py", quick_start=True) as made:
        for name in ("spark-driver0", "spark-worker0", "spark-master0"):  # the wrong way round, too
            made.start(name)
        wait_until(made, "started|tasks")
        made.start("spark-worker1")
        wait_until(made, r"of \d+ tasks, 2 workers")
        os.killpg(made.running["spark-worker1"].pid, signal.SIGKILL)
        assert made.running["spark-driver0"].wait(DEADLINE_S) == 0, made.log("spark-driver0")
        assert counted(made.log("spark-driver0")) == expected(texts)
        assert {made.stop(name) for name in ("spark-worker0", "spark-master0")} <= {0, 143}
    assert left_in_tmp() <= before


def counted(log: str) -> list[tuple[str, int]]:
    return [(word, int(count)) for word, count in re.findall(r"^wordcount: (\S+) (\d+)$", log, re.MULTILINE)]


def expected(texts: Path) -> list[tuple[str, int]]:
    counts = wordcount.words_of(wordcount.files_below(texts))
    return sorted(counts, key=lambda pair: (-pair[1], pair[0]))[:10]


@pytest.fixture
def somebody_listens() -> Iterator[str]:
    """A network whose master accepts connections and is none: enough for what fails before it asks for Spark."""
    with socket.create_server(("127.77.2.10", 7077)):
        yield "127.77.2"


def driver_alone(home: Path, network: str, **parameters: object) -> tuple[int, str]:
    """Run the driver; its exit code and its log."""
    with cluster(home, network, quick_start=True, **parameters) as made:
        made.start("spark-driver0")
        return made.running["spark-driver0"].wait(DEADLINE_S), made.log("spark-driver0")


def test_the_exit_code_of_a_script_is_that_of_the_driver(tmp_path: Path, somebody_listens: str) -> None:
    (tmp_path / "bad.py").write_text("import sys\nprint('said', sys.argv[1:])\nsys.exit(7)\n")
    code, log = driver_alone(tmp_path, somebody_listens, script="bad.py", arguments=["a b", '"{x}" $HOME', ""])
    assert (code, "said ['a b', '\"{x}\" $HOME', '']" in log) == (7, True), log


def test_a_script_that_lacks_a_module_fails_with_its_traceback(tmp_path: Path, somebody_listens: str) -> None:
    (tmp_path / "needs.py").write_text("import no_such_module\n")
    code, log = driver_alone(tmp_path, somebody_listens, script="needs.py")
    assert (code, "ModuleNotFoundError: No module named 'no_such_module'" in log) == (1, True), log


def test_a_missing_script_is_named(tmp_path: Path, somebody_listens: str) -> None:
    code, log = driver_alone(tmp_path, somebody_listens, script="nowhere.py")
    assert code != 0
    assert f"There is no file {tmp_path}/nowhere.py" in log


@pytest.mark.skipif(not (shutil.which("javac") and shutil.which("jar")), reason="needs javac and jar (a JDK)")
def test_a_jar_runs_with_its_main_class_and_its_exit_code(tmp_path: Path, somebody_listens: str) -> None:
    (tmp_path / "Bad.java").write_text(
        "public class Bad { public static void main(String[] a) { System.exit(a.length + 3); } }"
    )
    for words in (
        ["javac", "-J-XX:-UsePerfData", "Bad.java"],
        ["jar", "-J-XX:-UsePerfData", "cf", "bad.jar", "Bad.class"],
    ):
        subprocess.run(words, cwd=tmp_path, check=True)
    code, log = driver_alone(tmp_path, somebody_listens, script="bad.jar", main_class="Bad", arguments=["x"])
    assert code == 4, log
