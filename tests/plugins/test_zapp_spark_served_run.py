"""What serves until it is stopped: a streaming program, and a Connect server with a client on this machine."""

import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.conftest import Zoe, open_directory, zoe_maker
from tests.acceptance.faults.kit import client
from tests.acceptance.proxying import elsewhere, proxy
from tests.plugins.spark_kit.cluster import Cluster, cluster, eventually
from zapp_spark import java
from zapp_spark.shell import CONNECT_PORT
from zapp_spark.streaming import StreamingType

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.skipif(java.missing() is not None, reason=java.missing() or ""),
]
HTTP2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(3) + b"\x04" + bytes(5)
"""How a client of it begins."""
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


def test_a_client_on_one_s_own_machine_computes_through_zoe_proxy_and_only_with_the_token(tmp_path: Path) -> None:
    with open_directory() as directory, zoe_maker() as make:
        zoe = make(directory)
        zoe.lift_quota()
        number = _submitted(zoe)
        token = eventually(
            lambda: _token(zoe, number), "the address of the server", lambda: zoe.log.read_text()[-3000:]
        )
        own = elsewhere(tmp_path, ZOE_DATA_DIR=str(directory))
        with proxy(number, "-L", f"0:spark-connect0:{CONNECT_PORT}", environment=own) as running:
            eventually(lambda: _answers(running.port), "the server", zoe.log.read_text)
            assert "counted 500\n" in _attached(f"sc://localhost:{running.port}/;token={token}")
            assert "UNAUTHENTICATED" in _attached(f"sc://localhost:{running.port}/;token=wrong")
            assert running.interrupt()[0] == 0


def _submitted(zoe: Zoe) -> int:
    parameters = {"workers": 1, "worker_cores": 1, "worker_memory": "1G", "quick_start": True}
    asked = {"zapp_type": "spark-shell", "parameters": parameters, "name": "shell"}
    return int(client(zoe).post("/execution", json=asked).raise_for_status().json()["execution_id"])


def _token(zoe: Zoe, number: int) -> str:
    endpoints = zoe.get(f"/execution/endpoints/{number}")["endpoints"]
    return next((address.rpartition("token=")[2] for _, address, _ in endpoints if "token=" in address), "")


def _answers(port: int) -> bool:
    """Tell whether the server speaks: the proxy accepts whatever becomes of the other end."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as made:
        made.sendall(HTTP2)
        return bool(made.recv(1))


def _attached(to: str) -> str:
    """Run a client as it would run anywhere: in a process of its own, where no session of a test is."""
    words = [sys.executable, "-W", "ignore", "-c", CLIENT, to]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    return done.stdout + done.stderr
