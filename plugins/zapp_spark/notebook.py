"""The ZApp type `spark-notebook`: JupyterLab with kernels for Python and Scala on a Spark cluster of one's own."""

import json
import secrets
from typing import Annotated

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from zapp_spark import cluster, memory
from zapp_spark.parameters import GIB, ClusterParameters, Size
from zapp_spark.parts import LAUNCH_LAB, MASTER_URL, environment, page, resources, service
from zapp_spark.spark_type import OnSpark
from zoe.plugin import ZAppType, hookimpl

LAB_PORT = 8888
LAB_SERVER = 256 * memory.MIB
"""What JupyterLab itself takes: 130 MiB measured, and a terminal or two."""


class NotebookParameters(ClusterParameters):
    """A Spark cluster of one's own, and notebooks to use it from."""

    notebook_memory: Size = Field(
        GIB * 3 // 2,
        ge=GIB,
        le=4096 * GIB,
        description="Memory of the notebooks, all in all: JupyterLab, kernels, and the Spark driver of each.",
    )
    token: Annotated[SkipJsonSchema[str], Field(pattern=r"^[A-Za-z0-9_-]{16,256}$")] = Field(
        default_factory=lambda: secrets.token_urlsafe(24), description="What a browser brings along; made up by Zoe."
    )


class NotebookType(OnSpark):
    """JupyterLab: notebooks in Python and Scala on a Spark cluster of one's own, kept in your workspace."""

    name = "spark-notebook"
    Parameters = NotebookParameters

    def zapp(self, parameters: BaseModel) -> dict[str, object]:
        """Return the ZApp: the notebook service, which waits for nobody, then master and workers."""
        given = NotebookParameters.model_validate(parameters)
        return {
            "name": "spark-notebook",
            "version": 3,
            "will_end": False,
            "size": 0,
            "services": [_notebook(given), *cluster.services(given)],
        }


def _notebook(parameters: NotebookParameters) -> dict[str, object]:
    template = f"http://{{ip_port}}{{proxy_path}}/lab?token={parameters.token}"
    return {
        **service("notebook", 0, parameters.image, monitor=True),
        "resources": resources(parameters.notebook_memory, reserved=0.25),
        "command": ["python3", "-c", LAUNCH_LAB],
        "environment": [
            *environment(),
            ["ZOE_LAB_ADDRESS", "{address#self}"],
            ["ZOE_LAB_PORT", str(LAB_PORT)],
            ["ZOE_SPARK_CONF", json.dumps(_settings(parameters))],
            ["JUPYTER_TOKEN", parameters.token],
        ],
        "ports": [page("notebook", LAB_PORT, template), page("spark-app", cluster.DRIVER_UI_PORT)],
    }


def _settings(parameters: NotebookParameters) -> dict[str, str]:
    """Return the settings of every kernel's driver: several share the workers, and none holds what it does not use."""
    heap = driver_heap(parameters.notebook_memory)
    slots = parameters.workers * parameters.worker_cores
    sharing = {
        "spark.dynamicAllocation.enabled": "true",
        "spark.dynamicAllocation.shuffleTracking.enabled": "true",
        "spark.dynamicAllocation.initialExecutors": "1",
        "spark.dynamicAllocation.executorIdleTimeout": "15s",
        "spark.dynamicAllocation.cachedExecutorIdleTimeout": "600s",
        # A task that does not listen when its job is cancelled would keep a worker from all others.
        "spark.task.reaper.enabled": "true",
        "spark.task.reaper.killTimeout": "30s",
    }
    return {
        "spark.master": MASTER_URL,
        "spark.driver.memory": memory.in_mib(heap),
        "spark.sql.warehouse.dir": "{workspace}/spark-warehouse",
        "spark.sql.shuffle.partitions": str(max(4, 2 * slots)),
        **sharing,
        **cluster.settings(parameters, heap),
    }


def driver_heap(notebook_memory: int) -> int:
    """Tell the heap of a kernel's driver: two kernels find room beside each other."""
    return max(memory.SMALLEST_HEAP, (notebook_memory - LAB_SERVER) // 2 - memory.JVM_OVERHEAD - memory.PYTHON_WORKER)


@hookimpl
def zoe_zapp_type() -> type[ZAppType]:
    """Offer the type `spark-notebook`."""
    return NotebookType
