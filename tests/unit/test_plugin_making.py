"""The door to pluggy: how plugins are made with their settings, and told of changes."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest
from pydantic import Field

from zoe.errors import BackendUnavailableError, ConfigInvalidError, PluginError
from zoe.plugin import (
    Application,
    Backend,
    Deployment,
    ExecutionChange,
    Placement,
    PluginSettings,
    Policy,
    hookimpl,
)
from zoe.plugin.manager import PluginManager

DEPLOYMENT = Deployment("zoe", "1", Path("/nonexistent"))
CHANGE = ExecutionChange(1, 2, "wc", "queued", "starting", 3.0)


class Lifo(Policy):
    """Serves the last first.

    No more of this is shown.
    """

    class Settings(PluginSettings):
        most: int = Field(10, ge=1)
        colour: str = "red"

    name = "lifo"

    def order(self, applications: Sequence[Application], now: float) -> Sequence[Application]:
        return list(reversed(applications))

    @property
    def most(self) -> int:
        return cast(Lifo.Settings, self._settings).most


class Failing(Lifo):
    name = "failing"

    def __init__(self, settings: PluginSettings, deployment: Deployment) -> None:
        raise RuntimeError("no such device")


class Unavailable(Lifo):
    name = "unavailable"

    def __init__(self, settings: PluginSettings, deployment: Deployment) -> None:
        raise BackendUnavailableError


def plugin(hook: str, answer: object, module: str = "acme") -> ModuleType:
    """Make a module in which one hook gives this answer."""
    made = ModuleType(module)

    def implementation() -> object:
        return answer

    implementation.__name__ = hook
    setattr(made, hook, hookimpl(implementation))
    return made


def listener(heard: list[object], module: str) -> ModuleType:
    made = ModuleType(module)

    def zoe_execution_changed(change: ExecutionChange) -> None:
        if module == "broken":
            raise RuntimeError("deaf")
        heard.append((module, change))

    made.zoe_execution_changed = hookimpl(zoe_execution_changed)  # type: ignore[attr-defined]
    return made


@pytest.fixture
def manager() -> PluginManager:
    return PluginManager()


@pytest.fixture
def with_lifo(manager: PluginManager) -> PluginManager:
    manager.register(plugin("zoe_policy", Lifo), "acme-lifo")
    return manager


def test_a_plugin_is_made_with_its_own_validated_settings(with_lifo: PluginManager) -> None:
    made = with_lifo.make(Policy, "lifo", {"most": "3"}, DEPLOYMENT)
    assert isinstance(made, Lifo)
    assert (made.most, made.deployment) == (3, DEPLOYMENT)


def test_an_unknown_plugin_is_told_with_its_neighbour_and_what_is_installed(with_lifo: PluginManager) -> None:
    with pytest.raises(PluginError, match=r"no policy `fifo`; did you mean `lifo`\? Installed: `lifo` of acme-lifo"):
        with_lifo.make(Policy, "fifo", {}, DEPLOYMENT)
    with pytest.raises(PluginError, match=r"no backend `lifo`: no installed package offers any"):
        with_lifo.make(Backend, "lifo", {}, DEPLOYMENT)


def faults(manager: PluginManager, tables: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    with pytest.raises(ConfigInvalidError) as caught:
        manager.check_settings(tables)
    return {fault.path: fault.message for fault in caught.value.faults}


def test_bad_settings_are_told_with_their_paths(with_lifo: PluginManager) -> None:
    with pytest.raises(ConfigInvalidError) as caught:
        with_lifo.make(Policy, "lifo", {"most": 0, "color": "red"}, DEPLOYMENT)
    assert {fault.path: fault.message for fault in caught.value.faults} == {
        "plugins.lifo.most": "Input should be greater than or equal to 1",
        "plugins.lifo.color": "unknown key; did you mean `plugins.lifo.colour`?",
    }


def test_a_table_of_which_no_plugin_knows_is_a_fault_beside_the_others(with_lifo: PluginManager) -> None:
    assert faults(with_lifo, {"lifi": {}, "lifo": {"most": "x", "colour": "blue"}}) == {
        "plugins.lifi": "no plugin has this name; did you mean `plugins.lifo`?",
        "plugins.lifo.most": "Input should be a valid integer, unable to parse string as an integer",
    }


def test_good_tables_and_absent_ones_are_no_fault(with_lifo: PluginManager) -> None:
    with_lifo.check_settings({"lifo": {"most": 2}})
    with_lifo.check_settings({})


def test_a_constructor_that_fails_is_named_and_zoe_s_own_errors_stay_what_they_are(manager: PluginManager) -> None:
    manager.register(plugin("zoe_policy", Failing), "acme")
    manager.register(plugin("zoe_policy", Unavailable, "other"), "other")
    with pytest.raises(PluginError, match=r"policy `failing` of acme .*no such device"):
        manager.make(Policy, "failing", {}, DEPLOYMENT)
    with pytest.raises(BackendUnavailableError):
        manager.make(Policy, "unavailable", {}, DEPLOYMENT)


def test_one_module_may_offer_several_kinds(manager: PluginManager) -> None:
    from zoe.placements.average import Average

    module = plugin("zoe_policy", Lifo)
    module.zoe_placement = plugin("zoe_placement", Average).zoe_placement  # type: ignore[attr-defined]
    manager.register(module, "acme")
    assert [offer.kind for offer in manager.offered()] == ["placement", "policy"]
    assert isinstance(manager.make(Placement, "average", {}, DEPLOYMENT), Average)


def test_every_plugin_hears_of_a_change_though_another_fails(
    manager: PluginManager, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[object] = []
    for name in ("first", "broken", "last"):
        manager.register(listener(heard, name), f"acme-{name}")
    with caplog.at_level(logging.ERROR):
        manager.changed(CHANGE)
    assert heard == [("first", CHANGE), ("last", CHANGE)]
    assert "acme-broken:broken failed to hear of execution 1" in caplog.text


def test_a_listener_need_not_take_the_change(manager: PluginManager) -> None:
    heard: list[str] = []
    module = ModuleType("acme")
    module.zoe_execution_changed = hookimpl(lambda: heard.append("something"))  # type: ignore[attr-defined]
    manager.register(module, "acme")
    manager.changed(CHANGE)
    assert heard == ["something"]
