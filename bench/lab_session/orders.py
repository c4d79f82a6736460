"""What is clicked: JupyterLab with its Spark cluster, as small as they can be, and a page that answers at once."""

import json
from typing import Any

from bench.connection import zapp
from bench.lab_session.students import Page
from zapp_spark.notebook import NotebookParameters, NotebookType
from zoe.plugin import Deployment, NoSettings

SPARK_IMAGE, STUB_IMAGE = "zoe-spark:4", "busybox:latest"
_MIB = 1 << 20
_SMALL = {"notebook": 200 * _MIB, "spark-master": 96 * _MIB, "spark-worker": 96 * _MIB}
LAB = Page("notebook0", "notebook", "api", '"version"', prefixed=True)
STUB = Page("page0", "page", "", "ready")


def lab_with_cluster(workers: int, deployment: Deployment) -> dict[str, Any]:
    """Return the order of a notebook, a master and so many workers, all of them core."""
    document = _notebook(workers, deployment)
    for service in document["services"]:
        _shrink(service)
    return {"application": document, "name": "lab"}


def single_lab(deployment: Deployment) -> dict[str, Any]:
    """Return the order of the notebook alone."""
    document = _notebook(1, deployment)
    alone = json.dumps(document["services"][0]).replace("{dns_name#spark-master0}", "{dns_name#self}")
    document["services"] = [json.loads(alone)]
    _shrink(document["services"][0])
    return {"application": document, "name": "lab"}


def stub() -> dict[str, Any]:
    """Return the order of one container that answers at once."""
    says = "mkdir -p /tmp/page; echo ready >/tmp/page/index.html; exec httpd -f -p 8080 -h /tmp/page"
    document = zapp(["sh", "-c", says], cores=0.01, memory=8 * _MIB)
    [service] = document["services"]
    service |= {"name": "page", "image": STUB_IMAGE}
    service["ports"] = [
        {"name": "page", "port_number": 8080, "protocol": "tcp", "url_template": "http://{ip_port}/", "proxy": True}
    ]
    return {"application": document | {"will_end": False}, "name": "stub"}


def _notebook(workers: int, deployment: Deployment) -> dict[str, Any]:
    parameters = NotebookParameters(workers=workers, workers_min=workers, quick_start=True)
    document = NotebookType(NoSettings(), deployment).zapp(parameters)
    copied: dict[str, Any] = json.loads(json.dumps(document))
    return copied


def _shrink(service: dict[str, Any]) -> None:
    """Reserve what it takes while nobody computes, that a class fits on one machine; its limit stays."""
    small = _SMALL[service["name"]]
    service["resources"]["memory"]["min"] = small
    service["resources"]["cores"]["min"] = 0.01
    for variable in service["environment"]:
        if variable[0] == "SPARK_DAEMON_MEMORY":
            variable[1] = "64m"
