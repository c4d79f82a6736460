"""The word count of the demonstration, run through a backend by hand: no master, no API."""

import email
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from zapp_spark.examples import wordcount
from zapp_spark.parameters import SparkParameters
from zapp_spark.spark_type import SparkType
from zoe import zapp
from zoe.plugin import (
    Backend,
    Deployment,
    Limits,
    NoSettings,
    Resources,
    ServiceId,
    ServiceReport,
    ServiceSpec,
)
from zoe.testing.changes import ENDED

_OWNER_UID = 12345
"""Nobody whom an image could know."""
_SECONDS = 600.0


def count_words(backend: Backend, workspace: Path, image: str, nodes: Sequence[str]) -> tuple[int | None, str]:
    """Start every part, on one node after the other; return the driver's exit code and what it said."""
    workspace.mkdir()
    shutil.copy(wordcount.__file__, workspace / "wc.py")
    shutil.copytree(Path(email.__file__).parent, workspace / "texts", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (workspace, *workspace.rglob("*")):
        shutil.chown(path, _OWNER_UID, _OWNER_UID)
    specs = _specs(backend, workspace, image)
    started = [backend.start(spec, nodes[number % len(nodes)]) for number, spec in enumerate(specs)]
    driver = next(report for report in started if report.who.name.startswith("spark-driver"))
    ended = _wait(backend, driver)
    said = b"".join(backend.logs(driver.handle, False)).decode(errors="replace")  # noqa: FBT003 - the contract's
    return ended.exit_code, said


def _specs(backend: Backend, workspace: Path, image: str) -> list[ServiceSpec]:
    spark = SparkType(NoSettings(), Deployment("words", "words", workspace))
    given = {
        "script": "wc.py",
        "arguments": ["/mnt/workspace/texts"],
        "image": image,
        "quick_start": True,
        "workers": 2,
    }
    document = zapp.read(spark.zapp(SparkParameters.model_validate(given)))
    found = zapp.instances(document)
    who = {instance.name: ServiceId(7000 + number, 7, instance.name) for number, instance in enumerate(found)}
    return [_spec(backend, workspace, instance, who) for instance in found]


def _spec(backend: Backend, workspace: Path, instance: zapp.Instance, who: dict[str, ServiceId]) -> ServiceSpec:
    me, entry = who[instance.name], instance.service
    around = zapp.Surroundings(
        user_name="ada",
        uid=_OWNER_UID,
        gid=_OWNER_UID,
        execution_id=7,
        execution_name="words",
        deployment_name=backend.deployment.name,
        dns_names={name: backend.dns_name(other) for name, other in who.items()},
        address=backend.bind_address(me),
        workspace=backend.workspace(me, workspace),
        proxy_paths={},
    )
    return ServiceSpec(
        who=me,
        group=entry.name,
        owner="ada",
        owner_uid=_OWNER_UID,
        image=entry.image,
        command=zapp.command(instance, around),
        environment=zapp.environment(instance, around),
        reserved=Resources(entry.resources.cores.min or 0.1, entry.resources.memory.min or 1 << 28),
        limits=Limits(entry.resources.cores.max, entry.resources.memory.max, entry.resources.shm),
        dns_name=backend.dns_name(me),
        workspace=workspace,
    )


def _wait(backend: Backend, service: ServiceReport) -> ServiceReport:
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        for report in backend.services():
            if report.handle == service.handle and report.state in ENDED:
                return report
        time.sleep(0.5)
    raise AssertionError("the driver did not end in time")
