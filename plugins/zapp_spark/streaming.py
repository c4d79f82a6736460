"""The ZApp type `spark-streaming`: a program of Structured Streaming that runs until somebody stops it."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from zapp_spark import batch, progress
from zapp_spark.parameters import ScriptParameters, inside_the_workspace, printable
from zapp_spark.spark_type import OnSpark
from zoe.plugin import Progress, RunningService, ZAppType, hookimpl

Folder = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1024),
    AfterValidator(printable),
    AfterValidator(inside_the_workspace),
]


class StreamingParameters(ScriptParameters):
    """A Spark cluster of one's own, and a streaming program on it."""

    checkpoint: Folder = Field(
        "spark-checkpoints",
        description="Folder of the workspace for checkpoints: a query with a name goes on there when it starts again.",
    )


class StreamingType(OnSpark):
    """Structured Streaming: a program from the workspace that runs on a Spark cluster until it is stopped."""

    name = "spark-streaming"
    Parameters = StreamingParameters

    def zapp(self, parameters: BaseModel) -> dict[str, object]:
        """Return the ZApp of a batch that does not end, with a place for checkpoints and with its rates to be read."""
        given = StreamingParameters.model_validate(parameters)
        more = {
            "spark.sql.streaming.checkpointLocation": f"{{workspace}}/{given.checkpoint}",
            "spark.sql.streaming.metricsEnabled": "true",
            "spark.sql.shuffle.partitions": str(max(2, given.workers * given.worker_cores)),
        }
        return batch.zapp("spark-streaming", given, will_end=False, more=more)

    def progress(self, services: Sequence[RunningService]) -> Progress | None:
        """Tell the rates of the queries."""
        return progress.streaming(services)

    def busy(self, services: Sequence[RunningService]) -> str | None:
        """Name the stream: it is at work as long as it is there, also while nothing arrives."""
        return next((f"the stream of {one.name}" for one in services if one.group == "spark-driver"), None)


@hookimpl
def zoe_zapp_type() -> type[ZAppType]:
    """Offer the type `spark-streaming`."""
    return StreamingType
