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
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.plugins.spark_kit.cluster import DEADLINE_S, Cluster, cluster
from zapp_spark import java
from zapp_spark.examples import wordcount
from zapp_spark.spark_type import SparkType

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(java.missing() is not None, reason=java.missing() or ""),
]


def wait_until(made: Cluster, said: str) -> None:
    """Look how far it is, as Zoe does, until the progress says so."""
    deadline = time.monotonic() + DEADLINE_S
    driver = made.running["spark-driver0"]
    while time.monotonic() < deadline and driver.poll() is None:
        progress = made.zapp_type.progress(made.services())
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
    with cluster(tmp_path, "127.77.1", SparkType, script="wc.py", quick_start=True) as made:
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
    with cluster(home, network, SparkType, quick_start=True, **parameters) as made:
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
