"""The ZApp type of the class: `spark-notebook` as small as it can be, so that a class fits on one machine.

It is a ZApp type, and no document, for the same reason as in a real class: it can tell that nobody works any more,
also where nobody measures what containers use.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import BaseModel

from zapp_spark.notebook import NotebookType
from zoe.plugin import ZAppType, hookimpl

NAME = "class-lab"
_MIB = 1 << 20
_RESERVED = {"notebook": 200 * _MIB, "spark-master": 96 * _MIB, "spark-worker": 96 * _MIB}
_ROOT = Path(__file__).parents[2]


class ClassLab(NotebookType):
    """JupyterLab and its Spark cluster, reserving what they take while nobody computes."""

    name = NAME

    def zapp(self, parameters: BaseModel) -> dict[str, object]:
        """Return the ZApp of `spark-notebook`, shrunk."""
        document: dict[str, Any] = super().zapp(parameters)
        document["services"] = [shrunk(service) for service in document["services"]]
        return document


def shrunk(service: Mapping[str, Any]) -> dict[str, Any]:
    """Return a service that reserves what it takes while nobody computes; its limit stays."""
    resources, environment = service["resources"], service["environment"]
    return {
        **service,
        "resources": {
            **resources,
            "memory": {**resources["memory"], "min": _RESERVED[service["name"]]},
            "cores": {**resources["cores"], "min": 0.01},
        },
        "environment": [[key, "64m" if key == "SPARK_DAEMON_MEMORY" else text] for key, text in environment],
    }


@contextmanager
def installed() -> Iterator[dict[str, str]]:
    """Offer the type as an installed package would; yield the environment in which Zoe finds it."""
    with TemporaryDirectory(prefix="zoe-class-") as directory:
        package = Path(directory) / "class_lab-1.dist-info"
        package.mkdir()
        (package / "METADATA").write_text("Metadata-Version: 2.1\nName: class-lab\nVersion: 1\n", encoding="utf-8")
        (package / "entry_points.txt").write_text(f"[zoe]\n{NAME} = {__name__}\n", encoding="utf-8")
        yield {"PYTHONPATH": os.pathsep.join((directory, str(_ROOT)))}


@hookimpl
def zoe_zapp_type() -> type[ZAppType]:
    """Offer the type."""
    return ClassLab
