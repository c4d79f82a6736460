"""`zoe demo`, for real: a Spark cluster, and nothing left behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.engine, pytest.mark.xdist_group("spark")]
DEMO = [sys.executable, "-m", "zoe.cli.main", "demo"]


@pytest.fixture(autouse=True)
def _java() -> None:
    if not shutil.which("java"):
        pytest.skip("there is no Java: apt-get install default-jre-headless")


def _directory(line: str) -> Path:
    return Path(line.split("starts in ")[1].strip())


def test_the_demo_counts_words_and_leaves_nothing_behind() -> None:
    ended = subprocess.run(DEMO, capture_output=True, text=True, check=False)
    lines = ended.stdout.splitlines()
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert lines[-1].startswith("demo ok: ")
    assert any("spark-worker1: active" in line for line in lines)
    assert any("self" in line.split() for line in lines)
    assert not _directory(lines[0]).exists()


def test_an_interrupted_demo_cleans_up_as_well() -> None:
    with subprocess.Popen(DEMO, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as demo:
        assert demo.stdout
        lines = []
        for line in demo.stdout:
            lines.append(line)
            if "execution 1: running" in line:
                demo.send_signal(signal.SIGTERM)
                break
        lines += list(demo.stdout)
    assert demo.returncode == 130, lines
    assert lines[-1] == "demo failed: it was interrupted; everything is cleaned up.\n"
    assert not any("left behind: " in line for line in lines)
    assert not _directory(lines[0]).exists()


def test_without_java_the_demo_says_how_to_get_it(tmp_path: Path) -> None:
    environment = os.environ | {"JAVA_HOME": str(tmp_path)}
    ended = subprocess.run([*DEMO, "--json"], capture_output=True, text=True, check=False, env=environment)
    assert ended.returncode == 1
    assert "apt-get install default-jre-headless" in json.loads(ended.stdout)["reason"]
