"""A notebook on a Swarm: its cells compute on workers, on whichever node they are."""

import copy
from pathlib import Path
from typing import Any

import pytest

from backend_swarm.backend import SwarmBackend
from backend_swarm.settings import ManagerSettings, SwarmSettings
from tests.engines.images import SPARK, give_spark
from tests.engines.swarm import Swarm
from tests.plugins.spark_kit.cluster import eventually
from tests.plugins.spark_kit.on_backend import EXECUTION, OnBackend, on_backend
from zapp_spark.notebook import LAB_PORT, NotebookParameters, NotebookType
from zoe import zapp
from zoe.plugin import Deployment, NoSettings

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.xdist_group("swarm"),
    # The library docker leaves a socket open where a manager does not answer.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
CELL = "import os; sc.parallelize([0]).map(lambda _: os.environ['SERVICE_NAME']).first()"
ASKS = """
import asyncio, json, sys, time, urllib.request
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

at, token, code = sys.argv[1:]
signed = {"Authorization": "token " + token}

def kernel():
    while True:
        try:
            asked = urllib.request.Request("http://" + at, b'{"name": "python3"}', signed)
            return json.load(urllib.request.urlopen(asked))["id"]
        except OSError as error:
            print(error, flush=True)
            time.sleep(1)

async def run(number):
    wire = await websocket_connect(HTTPRequest("ws://" + at + "/" + number + "/channels", headers=signed))
    header = {"msg_id": "1", "msg_type": "execute_request", "username": "", "session": "1", "version": "5.4"}
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
    asked = {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content}
    await wire.write_message(json.dumps(asked))
    while True:
        said = json.loads(await wire.read_message())
        if said["msg_type"] in ("execute_result", "error"):
            print("it says", said["content"].get("data") or said["content"], flush=True)

asyncio.run(run(kernel()))
"""


def test_a_cell_of_a_notebook_on_a_swarm_computes_on_a_worker(swarm_cluster: Swarm, tmp_path: Path) -> None:
    nodes = swarm_cluster.nodes
    give_spark(nodes[0].daemon)
    give_spark(nodes[1].daemon)
    settings = SwarmSettings(
        managers=[ManagerSettings(url=swarm_cluster.manager.daemon.url)], stop_grace=1.0, look_seconds=0.5, pull="never"
    )
    backend = SwarmBackend(settings, Deployment("lab", tmp_path.name, tmp_path))
    backend.open()
    try:
        with on_backend(
            backend, _with_somebody_who_asks(tmp_path), tmp_path / "workspace", [nodes[0].name, nodes[1].name]
        ) as made:
            eventually(lambda: "it says" in made.log("asker0"), "an answer", lambda: _all_said(made))
            assert "spark-worker0" in made.log("asker0"), made.log("asker0")
            assert made.reports["notebook0"].node != made.reports["spark-worker0"].node
    finally:
        backend.close()


def _all_said(made: OnBackend) -> str:
    return "\n".join(made.log(name)[-2000:] for name in made.reports)


def _with_somebody_who_asks(home: Path) -> zapp.ZApp:
    zapp_type = NotebookType(NoSettings(), Deployment("lab", "lab", home))
    given = NotebookParameters(workers=1, image=SPARK)
    document: dict[str, Any] = copy.deepcopy(zapp_type.zapp(given))
    notebook = document["services"][0]
    at = f"{{dns_name#notebook0}}:{LAB_PORT}{zapp.proxy_path(EXECUTION, 'notebook0', 'notebook')}/api/kernels"
    command = ["python3", "-c", ASKS, at, given.token, CELL]
    document["services"].insert(1, {**notebook, "name": "asker", "monitor": False, "ports": [], "command": command})
    return zapp.read(document)
