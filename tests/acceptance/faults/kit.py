"""What tests of faults share: ZApps of any shape, and looks at what runs."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.acceptance.conftest import Zoe

MIB = 1 << 20


def entry(name: str, command: str | list[str], total: int = 1, essential: int = 1, **more: Any) -> dict[str, Any]:
    """One entry of a ZApp's services; `cores` and `memory` (bytes) are reserved, other keys are taken as they are."""
    resources = {
        "memory": {"min": more.pop("memory", MIB), "max": None},
        "cores": {"min": more.pop("cores", 0.01), "max": None},
    }
    base = {"name": name, "image": "test:1", "monitor": True, "total_count": total, "essential_count": essential}
    return base | {"startup_order": 0, "resources": resources, "command": command} | more


def application(*services: dict[str, Any]) -> dict[str, Any]:
    """A ZApp."""
    return {"name": "test-app", "version": 3, "will_end": True, "services": list(services)}


def client(zoe: Zoe) -> httpx.Client:
    """The client of a service that runs."""
    assert zoe.client is not None
    return zoe.client


def post(zoe: Zoe, document: object, name: str = "test") -> httpx.Response:
    """Submit anything."""
    return client(zoe).post("/execution", json={"application": document, "name": name})


def run(zoe: Zoe, *services: dict[str, Any]) -> int:
    """Submit services that are valid; return the execution's id."""
    answer = post(zoe, application(*services))
    assert answer.status_code == 201, answer.text
    return int(answer.json()["execution_id"])


def service(zoe: Zoe, execution: int, name: str) -> dict[str, Any]:
    """One service of an execution."""
    found = [zoe.get(f"/service/{number}") for number in zoe.get(f"/execution/{execution}")["services"]]
    return next(one for one in found if one["name"] == name)


def log(zoe: Zoe, execution: int, **options: str) -> bytes:
    """The log of an execution's first service, which has started or will not."""
    zoe.wait_for(execution, "running", "cleaning up", "terminated", "error")
    number = zoe.get(f"/execution/{execution}")["services"][0]
    return client(zoe).get(f"/service/logs/{number}", params=options).raise_for_status().content


def processes(execution: int, data_dir: Path, name: str = "") -> list[psutil.Process]:
    """The processes that run for an execution of the Zoe in `data_dir`, or for one service of it."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            around = process.environ()
            ours = around.get("HOME", "").startswith(str(data_dir)) and around.get("EXECUTION_ID") == str(execution)
            if ours and name in {"", around.get("SERVICE_NAME")} and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def keeper(data_dir: Path) -> psutil.Process:
    """The process that keeps the services of the Zoe in `data_dir`."""
    path = str(data_dir / "process")
    return next(one for one in psutil.process_iter(["cmdline"]) if path in (one.info["cmdline"] or []))


@contextmanager
def tiny_disk(path: Path, size: int) -> Iterator[Path]:
    """Mount a disk of `size` bytes; only root can."""
    if os.geteuid() != 0:
        pytest.skip("a disk that fills up quickly has to be mounted, which only root may do")
    path.mkdir(parents=True, exist_ok=True)
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=711", "tmpfs", str(path)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode != 0:
        pytest.skip("a disk that fills up quickly has to be mounted, which this container forbids")
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def without(document: dict[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    """A copy of a document without one of its fields."""
    copy: Any = json.loads(json.dumps(document))
    place = copy
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return copy  # type: ignore[no-any-return]


def with_value(document: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """A copy of a document with another value in one place."""
    copy: Any = json.loads(json.dumps(document))
    place = copy
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return copy  # type: ignore[no-any-return]
