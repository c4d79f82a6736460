"""The ZApp type `spark`."""

from collections.abc import Sequence

from pydantic import BaseModel

from zapp_spark import activity, batch, progress
from zapp_spark.parameters import SparkParameters
from zoe.plugin import Progress, RunningService, ZAppType


class OnSpark(ZAppType):
    """What every ZApp type on Spark can tell: how far it is and whether it works, as Spark's own pages say."""

    def progress(self, services: Sequence[RunningService]) -> Progress | None:
        """Ask Spark's own web interfaces; see `zapp_spark.progress`."""
        return progress.look(services)

    def busy(self, services: Sequence[RunningService]) -> str | None:
        """Ask Spark and Jupyter; see `zapp_spark.activity`."""
        return activity.busy(services)


class SparkType(OnSpark):
    """A Spark cluster of one's own: a PySpark script or a jar from the workspace runs on it and ends."""

    name = "spark"
    Parameters = SparkParameters

    def zapp(self, parameters: BaseModel) -> dict[str, object]:
        """Return the ZApp: master, workers, and the driver, whose end is the end."""
        return batch.zapp("spark-batch", SparkParameters.model_validate(parameters), will_end=True, more={})

    def busy(self, services: Sequence[RunningService]) -> str | None:
        """Name the script: it is at work until it ends, whether or not a job of Spark runs just now."""
        return next((f"the script of {one.name}" for one in services if one.group == "spark-driver"), None)
