"""The ZApp type `spark`."""

from collections.abc import Sequence

from pydantic import BaseModel

from zapp_spark import document, progress
from zapp_spark.parameters import SparkParameters
from zoe.plugin import Progress, RunningService, ZAppType


class SparkType(ZAppType):
    """A Spark cluster of one's own: a PySpark script or a jar from the workspace runs on it and ends."""

    name = "spark"
    Parameters = SparkParameters

    def zapp(self, parameters: BaseModel) -> dict[str, object]:
        """Return the ZApp of the variant that the parameters ask for."""
        return document.batch(SparkParameters.model_validate(parameters))

    def progress(self, services: Sequence[RunningService]) -> Progress | None:
        """Ask Spark's own web interfaces; see `zapp_spark.progress`."""
        return progress.look(services)
