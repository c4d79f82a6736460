"""The program of `zapp_boinc.task` as one text for `python3 -c`.

It travels inside the ZApp: any image with `boinc` and `python3` will do, a process needs no image at all, and the
program never differs from the Zoe that started it.
"""

import ast
import base64
import json
import zlib
from functools import cache
from pathlib import Path

_PACKAGE = "zapp_boinc.task"
_FOLDER = Path(__file__).with_name("task")
# Each after those that it imports.
MODULES = (
    *("verdict", "order", "output", "directory", "talk", "client", "status"),
    *("project", "bell", "waiting", "holding", "run", "main"),
)
_LOADER = """import base64,json,sys,types,zlib
for name,source in json.loads(zlib.decompress(base64.b64decode('{packed}'))):
    module=sys.modules[name]=types.ModuleType(name)
    exec(compile(source,name,'exec'),vars(module))
sys.modules['{main}'].main()
"""


@cache
def program() -> str:
    """Return the text."""
    packages = [(_PACKAGE.partition(".")[0], ""), (_PACKAGE, "")]
    modules = [(f"{_PACKAGE}.{name}", _bare(_FOLDER / f"{name}.py")) for name in MODULES]
    packed = base64.b64encode(zlib.compress(json.dumps(packages + modules).encode(), 9)).decode()
    return _LOADER.format(packed=packed, main=f"{_PACKAGE}.main")


def _bare(path: Path) -> str:
    """Return a module without its comments and docstrings: it is stored with every execution."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [step for step in node.body if not _is_docstring(step)] or [ast.Pass()]
    return ast.unparse(tree)


def _is_docstring(step: ast.stmt) -> bool:
    return isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant)
