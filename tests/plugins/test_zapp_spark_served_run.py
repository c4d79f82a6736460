"""What serves until it is stopped: a streaming program, and a Connect server with a client on this machine."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.plugins.spark_kit.cluster import Cluster, cluster, eventually
from tests.plugins.spark_kit.forward import forwarded
from zapp_spark import java
from zapp_spark.shell import CONNECT_PORT, ShellType
from zapp_spark.streaming import StreamingType

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.skipif(java.missing() is not None, reason=java.missing() or ""),
]
STREAM = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
rates = spark.readStream.format("rate").option("rowsPerSecond", 50).load()
query = rates.writeStream.queryName("rates").format("noop").trigger(processingTime="500 milliseconds").start()
query.awaitTermination()
"""


def test_a_stream_tells_its_rates_keeps_checkpoints_in_the_workspace_and_is_always_at_work(tmp_path: Path) -> None:
    (tmp_path / "stream.py").write_text(STREAM)
    with cluster(tmp_path, "127.77.6", StreamingType, script="stream.py", quick_start=True) as made:
        made.start("spark-master0", "spark-worker0", "spark-driver0")
        eventually(lambda: _rate(made) > 0, "a rate", lambda: made.log("spark-driver0")[-3000:])
        assert made.zapp_type.busy(made.services()) == "the stream of spark-driver0"
        assert (tmp_path / "spark-checkpoints" / "rates" / "offsets").is_dir()
        assert made.stop("spark-driver0") == 143


def _rate(made: Cluster) -> float:
    progress = made.zapp_type.progress(made.services())
    found = re.match(r"1 query: \d+ rows/s in, (\d+) rows/s processed", progress.text if progress else "")
    return float(found[1]) if found else 0.0


CLIENT = """
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
print("counted", spark.range(1000).filter("id % 2 = 0").count())
"""


def test_a_client_with_the_token_computes_on_the_cluster_and_one_without_does_not(tmp_path: Path) -> None:
    with cluster(tmp_path, "127.77.7", ShellType, quick_start=True) as made:
        made.start("spark-master0", "spark-worker0", "spark-connect0")
        host = made.addresses["spark-connect0"]
        token = dict(made.instances["spark-connect0"].service.environment)["SPARK_CONNECT_AUTHENTICATE_TOKEN"]
        eventually(lambda: _answers(host), "the server", lambda: made.log("spark-connect0")[-3000:])
        with forwarded(host, CONNECT_PORT) as port:
            assert "counted 500\n" in _attached(f"sc://localhost:{port}/;token={token}")
            assert "UNAUTHENTICATED" in _attached(f"sc://localhost:{port}/;token=wrong")


def _answers(host: str) -> bool:
    with socket.create_connection((host, CONNECT_PORT), timeout=1):
        return True


def _attached(to: str) -> str:
    """Run a client as it would run anywhere: in a process of its own, where no session of a test is."""
    words = [sys.executable, "-W", "ignore", "-c", CLIENT, to]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    return done.stdout + done.stderr
