"""The ZApp document of one task: the same for a process and for a container."""

from zapp_boinc import packing
from zapp_boinc.parameters import BoincParameters

PROGRESS_PORT = 8190
GROUP = "boinc"
SECRET = "{secret#account_key}"  # noqa: S105 - where the key goes, not the key
"""Filled in by Zoe when the service starts, from what it keeps apart from the ZApp."""

KEPT_IN = ".boinc"
KEPT = f"{{workspace}}/{KEPT_IN}/{{execution_id}}"
"""Where a task is until its execution goes on: it outlives the service."""


def task(parameters: BoincParameters, retry_delay: tuple[int, int] | None) -> dict[str, object]:
    """Return the ZApp of one task."""
    return {
        "name": "boinc",
        "version": 3,
        "will_end": True,
        "size": 0,
        "services": [_service(parameters, retry_delay)],
    }


def _service(parameters: BoincParameters, retry_delay: tuple[int, int] | None) -> dict[str, object]:
    return {
        "name": GROUP,
        "image": parameters.image,
        "monitor": True,
        "total_count": 1,
        "essential_count": 1,
        "startup_order": 0,
        "resources": {
            "memory": {"min": parameters.memory, "max": parameters.memory},
            "cores": {"min": parameters.cores, "max": parameters.cores},
        },
        "command": ["python3", "-c", packing.program()],
        "environment": _environment(parameters, retry_delay),
        "ports": [{"name": "progress", "port_number": PROGRESS_PORT, "protocol": "tcp", "proxy": False}],
    }


def _environment(parameters: BoincParameters, retry_delay: tuple[int, int] | None) -> list[list[str]]:
    return [
        ["ZOE_BOINC_URL", parameters.project_url],
        ["ZOE_BOINC_KEY", SECRET],
        ["ZOE_BOINC_TIMEOUT", str(parameters.task_timeout or 0)],
        ["ZOE_BOINC_PATIENCE", str(parameters.patience)],
        ["ZOE_BOINC_CORES", f"{parameters.cores:g}"],
        ["ZOE_BOINC_MEMORY", str(parameters.memory)],
        ["ZOE_BOINC_ADDRESS", "{address#self}"],
        ["ZOE_BOINC_PORT", str(PROGRESS_PORT)],
        *([["ZOE_BOINC_KEEP", KEPT], ["ZOE_BOINC_KEEP_IF", "asked"]] if parameters.keep else []),
        *([["ZOE_BOINC_RETRY", "{} {}".format(*retry_delay)]] if retry_delay else []),
    ]
