"""The door to pluggy: what is found, and what is refused."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pytest

from zoe.errors import PluginError
from zoe.plugin import (
    Application,
    Authenticator,
    Policy,
    ZAppType,
    hookimpl,
)
from zoe.plugin.manager import PluginManager


class Lifo(Policy):
    """Serves the last first.

    No more of this is shown.
    """

    name = "lifo"

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        return list(reversed(applications))


class OtherLifo(Lifo):
    """Serves the last first, too."""


class Unnamed(Policy):
    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        return applications


class Unfinished(Policy):
    name = "unfinished"


class Shouting(Lifo):
    name = "LIFO!"


class WrongSettings(Lifo):
    name = "wrong"
    Settings: ClassVar[type] = dict


class NoParameters(ZAppType):
    name = "bare"

    def zapp(self, parameters: object) -> dict[str, object]:
        return {}


def plugin(hook: str, answer: object, module: str = "acme") -> ModuleType:
    """Make a module in which one hook gives this answer."""
    made = ModuleType(module)

    def implementation() -> object:
        return answer

    implementation.__name__ = hook
    setattr(made, hook, hookimpl(implementation))
    return made


@pytest.fixture
def manager() -> PluginManager:
    return PluginManager()


@pytest.fixture
def with_lifo(manager: PluginManager) -> PluginManager:
    manager.register(plugin("zoe_policy", Lifo), "acme-lifo")
    return manager


class Packages:
    """Installs packages for one test: a module and its metadata in a directory that Python searches."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.modules: list[str] = []

    def install(self, package: str, module: str, source: str, entry: str = "it") -> None:
        (self._directory / f"{module}.py").write_text(source)
        facts = self._directory / f"{package.replace('-', '_')}-2.5.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 2.5\n")
        (facts / "entry_points.txt").write_text(f"[zoe]\n{entry} = {module}\n")
        self.modules.append(module)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    monkeypatch.syspath_prepend(tmp_path)
    packages = Packages(tmp_path)
    yield packages
    for module in packages.modules:
        sys.modules.pop(module, None)


SOURCE = '''
from zoe.plugin import Policy, hookimpl
class Fair(Policy):
    """Serves everybody alike."""
    name = "{name}"
    def order(self, applications, now):
        return applications
@hookimpl
def zoe_policy():
    return Fair
'''


def test_the_bundled_plugins_are_found_through_their_entry_points(manager: PluginManager) -> None:
    found = {(offer.kind, offer.name, offer.package) for offer in manager.load().offered()}
    bundled = {("policy", "fifo"), ("placement", "average"), ("authenticator", "internal"), ("backend", "process")}
    assert {(kind, name, "zoe-analytics") for kind, name in bundled} <= found


def test_an_installed_package_s_plugin_is_found_with_its_package_and_version(
    packages: Packages, manager: PluginManager
) -> None:
    packages.install("acme-fair", "acme_fair", SOURCE.format(name="fair"))
    found = next(offer for offer in manager.load().offered() if offer.name == "fair")
    assert (found.package, found.version, found.module) == ("acme-fair", "2.5", "acme_fair")
    assert found.row() == {
        "kind": "policy", "name": "fair", "doc": "Serves everybody alike.", "package": "acme-fair", "version": "2.5",
    }  # fmt: skip


def test_an_entry_point_that_cannot_be_imported_is_named_with_package_and_error(
    packages: Packages, manager: PluginManager
) -> None:
    packages.install("acme-broken", "acme_broken", "import a_library_nobody_has")
    with pytest.raises(
        PluginError, match=r"acme_broken \(package acme-broken 2.5\).*No module named 'a_library_nobody_h"
    ):
        manager.load()


def test_an_entry_point_with_a_syntax_error_is_named_too(packages: Packages, manager: PluginManager) -> None:
    packages.install("acme-broken", "acme_syntax", "def")
    with pytest.raises(PluginError, match=r"acme-broken 2.5.*SyntaxError"):
        manager.load()


def test_an_entry_point_that_names_no_module_is_refused(packages: Packages, manager: PluginManager) -> None:
    packages.install("acme-odd", "acme_odd", "it = 1")
    (packages._directory / "acme_odd-2.5.dist-info/entry_points.txt").write_text("[zoe]\nit = acme_odd:it\n")
    with pytest.raises(PluginError, match="must name a module"):
        manager.load()


def test_two_packages_that_offer_one_name_are_both_named(packages: Packages, manager: PluginManager) -> None:
    packages.install("acme-one", "acme_one", SOURCE.format(name="fair"))
    packages.install("acme-two", "acme_two", SOURCE.format(name="fair"))
    with pytest.raises(PluginError, match=r"Two plugins offer the policy `fair`: .*acme-one 2.5.*acme-two 2.5"):
        manager.load()


def test_two_packages_may_call_their_entry_points_the_same(packages: Packages, manager: PluginManager) -> None:
    packages.install("acme-one", "acme_one", SOURCE.format(name="one"), entry="policy")
    packages.install("acme-two", "acme_two", SOURCE.format(name="two"), entry="policy")
    assert {"one", "two"} <= {offer.name for offer in manager.load().offered()}


def test_a_registered_module_offers_under_the_first_line_of_its_documentation(with_lifo: PluginManager) -> None:
    (offer,) = with_lifo.offered()
    assert (offer.kind, offer.name, offer.doc, offer.offered) == ("policy", "lifo", "Serves the last first.", Lifo)


def test_a_hook_that_does_not_exist_is_named_with_its_nearest_neighbour(manager: PluginManager) -> None:
    with pytest.raises(PluginError, match=r"acme .*`zoe_polcy`.*did you mean `zoe_policy`\?"):
        manager.register(plugin("zoe_polcy", Lifo), "acme-lifo")


def test_a_hook_with_a_wrong_argument_is_refused(manager: PluginManager) -> None:
    module = ModuleType("acme")
    module.zoe_execution_changed = hookimpl(lambda status: None)  # type: ignore[attr-defined]
    with pytest.raises(PluginError, match="status"):
        manager.register(module, "acme-lifo")


def test_a_module_without_hooks_offers_nothing_and_is_told_so(manager: PluginManager) -> None:
    with pytest.raises(PluginError, match="offers nothing"):
        manager.register(ModuleType("acme"), "acme-lifo")


def test_a_module_is_registered_once(with_lifo: PluginManager) -> None:
    module = plugin("zoe_policy", OtherLifo)
    with pytest.raises(PluginError, match="acme-lifo"):
        with_lifo.register(module, "acme-lifo")


def test_one_name_offered_twice_for_one_kind_is_refused(with_lifo: PluginManager) -> None:
    with pytest.raises(PluginError, match=r"Two plugins offer the policy `lifo`: .*acme-lifo.*acme-other"):
        with_lifo.register(plugin("zoe_policy", OtherLifo, "other"), "acme-other")


@pytest.mark.parametrize(
    ("hook", "answer", "reason"),
    [
        ("zoe_policy", None, "no subclass of zoe.plugin.Policy"),
        ("zoe_policy", "Lifo", "no subclass of zoe.plugin.Policy"),
        ("zoe_backend", Lifo, "no subclass of zoe.plugin.Backend"),
        ("zoe_policy", Unnamed, "its `name` must be a text"),
        ("zoe_policy", Shouting, "its `name` must be a text"),
        ("zoe_policy", Unfinished, "it does not implement order"),
        ("zoe_policy", WrongSettings, "its `Settings` must be"),
        ("zoe_zapp_type", NoParameters, "its `Parameters` must be"),
        ("zoe_authenticator", Authenticator, "it does not implement check"),
    ],
)
def test_an_unfit_class_is_refused_with_the_reason(
    manager: PluginManager, hook: str, answer: object, reason: str
) -> None:
    with pytest.raises(PluginError, match=reason):
        manager.register(plugin(hook, answer), "acme-lifo")


def test_a_hook_that_fails_is_named(manager: PluginManager) -> None:
    module = ModuleType("acme")

    def zoe_policy() -> type[Policy]:
        raise RuntimeError("no licence")

    module.zoe_policy = hookimpl(zoe_policy)  # type: ignore[attr-defined]
    with pytest.raises(PluginError, match=r"acme \(package acme-lifo\) failed: RuntimeError: no licence"):
        manager.register(module, "acme-lifo")
