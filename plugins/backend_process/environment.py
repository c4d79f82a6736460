"""What a service finds in its environment: little of Zoe's own, so that no secret of Zoe's gets there."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from zoe.plugin import ServiceSpec

_FALLBACK_PATH = "/usr/local/bin:/usr/bin:/bin"
_INHERITED = ("LANG", "LANGUAGE", "TZ", "JAVA_HOME")
_INHERITED_PREFIX = "LC_"


def service_environment(service: ServiceSpec, work: Path, tmp: Path) -> dict[str, str]:
    """Return the whole environment of a service: what it was given wins over what this machine offers."""
    return {**_inherited(os.environ), **_own(service, work, tmp), **service.environment}


def _inherited(ours: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in ours.items() if name in _INHERITED or name.startswith(_INHERITED_PREFIX)}


def _own(service: ServiceSpec, work: Path, tmp: Path) -> dict[str, str]:
    return {"PATH": _path(), "HOME": str(work), "TMPDIR": str(tmp), "USER": service.owner, "LOGNAME": service.owner}


def _path() -> str:
    """Zoe's own Python first: what was installed with Zoe (Spark's programs, for one) is found."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH") or _FALLBACK_PATH])
