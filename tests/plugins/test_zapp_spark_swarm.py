"""A notebook on a Swarm: it answers the other services of its execution, on whichever node they are."""

import copy
from pathlib import Path
from typing import Any

import pytest

from backend_swarm.backend import SwarmBackend
from backend_swarm.settings import ManagerSettings, SwarmSettings
from tests.engines.images import SPARK, give_spark
from tests.engines.swarm import Swarm
from tests.plugins.spark_kit.cluster import eventually
from tests.plugins.spark_kit.on_backend import OnBackend, on_backend
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
ASKS = f"""
import time, urllib.request
while True:
    try:
        answer = urllib.request.urlopen("http://{{dns_name#notebook0}}:{LAB_PORT}/zoe/activity").read()
        print("it says", answer.decode(), flush=True)
    except OSError:
        pass
    time.sleep(1)
"""


def test_a_notebook_answers_on_a_swarm(swarm_cluster: Swarm, tmp_path: Path) -> None:
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
    finally:
        backend.close()


def _all_said(made: OnBackend) -> str:
    return "\n".join(made.log(name)[-2000:] for name in made.reports)


def _with_somebody_who_asks(home: Path) -> zapp.ZApp:
    zapp_type = NotebookType(NoSettings(), Deployment("lab", "lab", home))
    document: dict[str, Any] = copy.deepcopy(zapp_type.zapp(NotebookParameters(workers=1, image=SPARK)))
    notebook = document["services"][0]
    asker = {**notebook, "name": "asker", "monitor": False, "ports": [], "command": ["python3", "-c", ASKS]}
    document["services"].insert(1, asker)
    return zapp.read(document)
