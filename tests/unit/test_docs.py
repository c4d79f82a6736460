"""The documentation tells the truth: hooks, contracts, and an example that runs."""

import ast
import inspect
import re
import textwrap
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from zoe.plugin import Application, Deployment, Plugin, Policy, specs
from zoe.plugin.manager import PluginManager
from zoe.plugin.offer import KINDS

DOC = (Path(__file__).parents[2] / "docs/plugins.md").read_text()
HOOKS = {name: hook for name, hook in vars(specs).items() if name.startswith("zoe_")}


def blocks(language: str, text: str = DOC) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def under(heading: str) -> str:
    """Return what stands under a heading, up to the next."""
    (found,) = re.findall(rf"^### `{heading}`\n(.*?)(?=^##|\Z)", DOC, re.MULTILINE | re.DOTALL)
    return str(found)


def signatures(source: str) -> dict[str, tuple[str, str, bool]]:
    """Return what each function in a source takes and gives, and whether it is abstract."""
    found = {}
    for node in ast.walk(ast.parse(textwrap.dedent(source))):
        if isinstance(node, ast.FunctionDef) and node.name != "__init__":
            abstract = "abstractmethod" in map(ast.unparse, node.decorator_list)
            found[node.name] = (ast.unparse(node.args), ast.unparse(node.returns or ast.Constant(None)), abstract)
    return found


def test_every_hook_and_every_contract_has_a_heading_and_nothing_else_has() -> None:
    headings = re.findall(r"^### `(\w+)`$", DOC, re.MULTILINE)
    assert sorted(headings) == sorted([*HOOKS, *(contract.__name__ for contract in KINDS)])


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_is_shown_with_its_exact_signature(name: str) -> None:
    (shown,) = blocks("python", under(name))
    assert signatures(shown) == signatures(inspect.getsource(HOOKS[name]))


@pytest.mark.parametrize("contract", KINDS, ids=lambda contract: contract.__name__)
def test_a_contract_is_shown_with_the_exact_signature_of_every_method(contract: type[Plugin]) -> None:
    (shown,) = blocks("python", under(contract.__name__))
    assert signatures(shown) == signatures(inspect.getsource(contract))
    assert shown.startswith(f"class {contract.__name__}(Plugin):\n")


def test_the_example_is_a_plugin_that_works_with_the_settings_shown(tmp_path: Path) -> None:
    source = next(block for block in blocks("python") if "hookimpl" in block)
    project, config = map(tomllib.loads, blocks("toml"))
    (module_name,) = project["project"]["entry-points"]["zoe"].values()
    assert f"`{module_name}.py`" in DOC
    module = ModuleType(module_name)
    exec(compile(source, f"{module_name}.py", "exec"), vars(module))
    manager = PluginManager()
    manager.register(module, project["project"]["name"])
    name = config["scheduler"]["policy"]
    policy = manager.make(Policy, name, config["plugins"][name], Deployment("zoe", "1", tmp_path))
    now = 1_000_000.0
    large_and_late = Application(1, "ada", now - 13 * 3600, 9, ())
    large, small = Application(2, "ada", now - 60, 9, ()), Application(3, "ada", now - 30, 1, ())
    assert [one.id for one in policy.order([large, small, large_and_late], now)] == [1, 3, 2]


def test_the_example_is_about_twenty_lines() -> None:
    source = next(block for block in blocks("python") if "hookimpl" in block)
    assert len([line for line in source.splitlines() if line.strip()]) <= 20
