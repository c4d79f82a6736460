"""The ZApp type `spark`: a standalone Spark cluster of its own for every execution."""

from zapp_spark.spark_type import SparkType
from zoe.plugin import ZAppType, hookimpl


@hookimpl
def zoe_zapp_type() -> type[ZAppType]:
    """Offer the type `spark`."""
    return SparkType
