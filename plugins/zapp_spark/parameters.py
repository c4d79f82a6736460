"""The parameters that ZApp types on Spark share: what a form asks and `zoe start spark` takes."""

import re
from pathlib import PurePosixPath
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from zapp_spark import memory, settings

GIB = 1024 * memory.MIB
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def printable(text: str) -> str:
    """Refuse what would break terminals and command lines."""
    if UNPRINTABLE.search(text):
        raise ValueError("control characters are not allowed")
    return text


def inside_the_workspace(path: str) -> str:
    """Refuse a path that leads out of the workspace."""
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        raise ValueError("the path is relative to the workspace, without `..`")
    return path


def _script_or_jar(path: str) -> str:
    if PurePosixPath(path).suffix not in {".py", ".jar"}:
        raise ValueError("a script ends in .py, a compiled application in .jar")
    return path


def _as_text(value: object) -> object:
    """Accept `true` and `4` as JSON has them: Spark reads all values as text."""
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int | float) else value


def _no_refused_setting(conf: dict[str, str]) -> dict[str, str]:
    refused = {name: reason for name in conf if (reason := settings.why_refused(name))}
    if refused:
        raise ValueError("; ".join(f"{name!a} cannot be set: {reason}" for name, reason in refused.items()))
    return conf


_SIZE_SCHEMA = WithJsonSchema(
    {
        "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": memory.SIZE}],
        "examples": ["1G", "768M"],
    }
)
Size = Annotated[int, BeforeValidator(memory.parse_size), _SIZE_SCHEMA]
Text = Annotated[str, StringConstraints(max_length=4096), AfterValidator(printable)]
ScriptPath = Annotated[
    str,
    StringConstraints(min_length=4, max_length=1024),
    AfterValidator(printable),
    AfterValidator(inside_the_workspace),
    AfterValidator(_script_or_jar),
]
JavaClass = Annotated[
    str, StringConstraints(pattern=re.compile(r"^[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*$"), max_length=256)
]
Image = Annotated[
    str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._/:@-]*[:@][a-zA-Z0-9._:-]+$", max_length=256)
]
Value = Annotated[
    str,
    BeforeValidator(_as_text),
    StringConstraints(max_length=settings.LONGEST_VALUE),
    AfterValidator(printable),
]


class ClusterParameters(BaseModel):
    """A Spark cluster of one's own."""

    model_config = ConfigDict(extra="forbid", frozen=True, title="Spark")

    workers: int = Field(
        2, ge=1, le=1000, strict=True, description="Workers at most: what goes beyond workers_min comes and goes."
    )
    workers_min: int = Field(
        1, ge=1, le=1000, strict=True, description="Workers without which the execution does not start."
    )
    worker_cores: int = Field(1, ge=1, le=256, strict=True, description="Tasks that a worker runs at once.")
    worker_memory: Size = Field(
        GIB, ge=memory.smallest_worker(1), le=4096 * GIB, description="Memory of a worker, all in all."
    )
    master_memory: Size = Field(
        320 * memory.MIB, ge=256 * memory.MIB, le=64 * GIB, description="Memory of the master, all in all."
    )
    reserved_share: float = Field(
        0.5,
        ge=0.1,
        le=1,
        description="Share of its cores that a worker has for itself; the rest is what nobody else uses.",
    )
    quick_start: bool = Field(
        default=False,
        description="For runs of a few minutes: Java compiles less, starts sooner and computes more slowly.",
    )
    history: bool = Field(
        default=False,
        description="Keep what Spark did in spark-events/ of the workspace, with a page of all that has ended.",
    )
    conf: Annotated[dict[str, Value], AfterValidator(_no_refused_setting)] = Field(
        default_factory=dict, max_length=256, description="More settings of Spark (spark.*), as the driver gets them."
    )
    image: Image = Field("zoe-spark:4", description="Container image, with tag or digest, that has Spark on its PATH.")

    @model_validator(mode="after")
    def _workers_fit(self) -> Self:
        if self.workers_min > self.workers:
            raise ValueError(f"workers_min ({self.workers_min}) is more than workers ({self.workers})")
        if memory.executor_heap(self.worker_memory, self.worker_cores) < memory.SMALLEST_HEAP:
            least = memory.in_mib(memory.smallest_worker(self.worker_cores)).upper()
            raise ValueError(f"worker_memory is too small for {self.worker_cores} cores: at least {least}")
        return self


class _Script(BaseModel):
    script: ScriptPath = Field(description="Script (.py) or application (.jar), relative to the workspace.")
    main_class: JavaClass | None = Field(None, description="Main class of a jar, where its manifest names none.")
    arguments: tuple[Text, ...] = Field((), max_length=256, description="Arguments of the script.")


# The fields of the last base come first in forms: what runs, then on what.
class ScriptParameters(ClusterParameters, _Script):
    """A cluster, and the script or jar from the workspace that runs on it."""

    driver_memory: Size = Field(
        768 * memory.MIB, ge=768 * memory.MIB, le=4096 * GIB, description="Memory of the driver, all in all."
    )

    @model_validator(mode="after")
    def _script_fits(self) -> Self:
        if self.main_class and not self.script.endswith(".jar"):
            raise ValueError("main_class is for a .jar only")
        return self


class SparkParameters(ScriptParameters):
    """A Spark cluster of one's own, and what runs on it."""
