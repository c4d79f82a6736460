"""The ZApp type `spark-shell`: a Spark Connect server to attach to from one's own machine."""

import secrets
from typing import Annotated

from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from zapp_spark import cluster, memory
from zapp_spark.parameters import GIB, ClusterParameters, Size
from zapp_spark.parts import MASTER, MASTER_URL, command, environment, port, resources, service
from zapp_spark.spark_type import OnSpark
from zoe.plugin import ZAppType, hookimpl

CONNECT_PORT = 15002
SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"


class ShellParameters(ClusterParameters):
    """A Spark cluster of one's own, and the server that takes one's programs."""

    driver_memory: Size = Field(
        GIB, ge=896 * memory.MIB, le=4096 * GIB, description="Memory of the server, which is the driver, all in all."
    )
    token: Annotated[SkipJsonSchema[str], Field(pattern=r"^[A-Za-z0-9_-]{16,256}$")] = Field(
        default_factory=lambda: secrets.token_urlsafe(24), description="What a client brings along; made up by Zoe."
    )


class ShellType(OnSpark):
    """Spark Connect: a Spark cluster that programs on your own machine attach to, through `zoe proxy`."""

    name = "spark-shell"
    Parameters = ShellParameters

    def zapp(self, parameters: BaseModel) -> dict[str, object]:
        """Return the ZApp: master, workers, and the Connect server."""
        given = ShellParameters.model_validate(parameters)
        return {
            "name": "spark-shell",
            "version": 3,
            "will_end": False,
            "size": 0,
            "services": [*cluster.services(given), _server(given)],
        }


def _server(parameters: ShellParameters) -> dict[str, object]:
    heap = memory.driver_heap(parameters.driver_memory)
    chosen = {
        "spark.connect.grpc.binding.address": "{address#self}",
        "spark.connect.grpc.binding.port": str(CONNECT_PORT),
        "spark.connect.grpc.port.maxRetries": "0",
        "spark.sql.warehouse.dir": "{workspace}/spark-warehouse",
        **cluster.one_driver(),
        **cluster.settings(parameters, heap),
    }
    settings = [word for name, text in chosen.items() for word in ("--conf", f"{name}={text}")]
    return {
        **service("spark-connect", 2, parameters.image, monitor=True),
        "resources": resources(parameters.driver_memory, reserved=0.3),
        "command": command(
            *("spark-submit", "--class", SERVER, "--master", MASTER_URL),
            *("--driver-memory", memory.in_mib(heap)),
            *settings,
            wait_for=MASTER,
            directory=cluster.EVENTS if parameters.history else "",
        ),
        # In the environment, not among the words: those everybody on the machine can read.
        "environment": [*environment(), ["SPARK_CONNECT_AUTHENTICATE_TOKEN", parameters.token]],
        "ports": [
            port("connect", CONNECT_PORT, f"sc://{{ip_port}}/;token={parameters.token}"),
            *cluster.driver_ports(),
        ],
    }


@hookimpl
def zoe_zapp_type() -> type[ZAppType]:
    """Offer the type `spark-shell`."""
    return ShellType
