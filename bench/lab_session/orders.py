"""What is clicked: JupyterLab with its Spark cluster, as small as they can be, and a page that answers at once."""

import json
from typing import Any

from bench.connection import zapp
from bench.lab_session import class_lab
from bench.lab_session.students import Page
from zapp_spark.notebook import NotebookParameters, NotebookType
from zoe.plugin import Deployment, NoSettings

SPARK_IMAGE, STUB_IMAGE = "zoe-spark:4", "busybox:latest"
_MIB = 1 << 20
LAB = Page("notebook0", "notebook", "api", '"version"', prefixed=True)
STUB = Page("page0", "page", "", "ready")


def lab_with_cluster(workers: int) -> dict[str, Any]:
    """Return the order of a notebook, a master and so many workers, all of them core."""
    parameters = {"workers": workers, "workers_min": workers, "quick_start": True}
    return {"zapp_type": class_lab.NAME, "parameters": parameters, "name": "lab"}


def single_lab(deployment: Deployment) -> dict[str, Any]:
    """Return the order of the notebook alone."""
    parameters = NotebookParameters(workers=1, workers_min=1, quick_start=True)
    document = NotebookType(NoSettings(), deployment).zapp(parameters)
    first = json.loads(json.dumps(document))["services"][0]
    alone = json.dumps(class_lab.shrunk(first)).replace("{dns_name#spark-master0}", "{dns_name#self}")
    return {"application": {**document, "services": [json.loads(alone)]}, "name": "lab"}


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
