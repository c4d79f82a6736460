"""The one typed door to pluggy: finds the plugins, and makes them with their own settings."""

import logging
from collections.abc import Mapping, Sequence
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import TypeVar, cast

import pluggy
from pydantic import ValidationError

from zoe.errors import ConfigInvalidError, Fault, PluginError, ZoeError
from zoe.faults import faults_of, nearest
from zoe.plugin import specs
from zoe.plugin.base import Deployment, Plugin, PluginSettings
from zoe.plugin.change import ExecutionChange
from zoe.plugin.offer import KINDS, Offer, Source, offer

log = logging.getLogger(__name__)
K = TypeVar("K", bound=Plugin)


class PluginManager:
    """Knows all plugins once `load` was called. Used by many threads after that; nothing in it changes any more."""

    def __init__(self) -> None:
        self._pluggy = pluggy.PluginManager(specs.NAMESPACE)
        self._pluggy.add_hookspecs(specs)
        self._offers: dict[tuple[str, str], Offer] = {}

    def load(self) -> "PluginManager":
        """Register every entry point of the group `zoe`, of whatever installed package; return itself.

        Raises:
            PluginError: one cannot be imported or used; it is named, with its package.

        """
        for entry in sorted(entry_points(group=specs.NAMESPACE), key=lambda entry: (entry.name, entry.value)):
            source = Source(entry.value, *((entry.dist.name, entry.dist.version) if entry.dist else ("unknown", "")))
            self._register(_imported(entry, source), source)
        return self

    def register(self, module: ModuleType, name: str) -> None:
        """Register a module that no package announces; `name` stands where the package's name would.

        Raises:
            PluginError: it cannot be used.

        """
        self._register(module, Source(module.__name__, name, ""))

    def offered(self) -> Sequence[Offer]:
        """Return what all plugins offer, by kind and name."""
        return sorted(self._offers.values(), key=lambda one: (one.kind, one.name))

    def make(self, kind: type[K], name: str, plugin_settings: Mapping[str, object], deployment: Deployment) -> K:
        """Make the plugin of this kind (`Backend`, `Policy`...) and name; its settings are checked first.

        Raises:
            PluginError: there is none of this name, or its constructor failed.
            ConfigInvalidError: the settings are not its own, each fault with its path `plugins.<name>.<key>`.

        """
        found = self._find(KINDS[kind], name)
        settings = _settings(found, plugin_settings)
        try:
            return cast(K, found.offered(settings, deployment))
        except ZoeError:
            raise
        except Exception as error:
            raise PluginError(f"The {found.kind} `{name}` of {found.source} failed at its start: {error}") from error

    def check_settings(self, tables: Mapping[str, Mapping[str, object]]) -> None:
        """Check every table `[plugins.<name>]`, also of plugins that are not in use.

        Raises:
            ConfigInvalidError: all faults; a table of which no plugin knows is one.

        """
        faults: list[Fault] = []
        names = {name for _, name in self._offers}
        for name in tables:
            if name not in names:
                message = f"no plugin has this name; did you mean `plugins.{nearest(name, names)}`?"
                faults.append(Fault(f"plugins.{name}", message))
        for (_, name), found in self._offers.items():
            faults += _faults(found, tables.get(name, {}))
        if faults:
            raise ConfigInvalidError(faults)

    @property
    def listens(self) -> bool:
        """Whether any plugin wants to hear of changes."""
        return bool(self._pluggy.hook.zoe_execution_changed.get_hookimpls())

    def changed(self, change: ExecutionChange) -> None:
        """Tell all plugins that an execution has moved, one after the other; one that fails harms no other."""
        for implementation in self._pluggy.hook.zoe_execution_changed.get_hookimpls():
            try:
                implementation.function(*(change for _ in implementation.argnames))
            except Exception:
                log.exception(
                    "plugin %s failed to hear of execution %d", implementation.plugin_name, change.execution_id
                )

    def _register(self, module: ModuleType, source: Source) -> None:
        try:
            self._pluggy.register(module, f"{source.package}:{source.module}")
        except (ValueError, pluggy.PluginValidationError) as error:
            raise PluginError(f"{source} cannot be used: {error}") from error
        self._check_hooks(module, source)
        for contract, kind in KINDS.items():
            for implementation in getattr(self._pluggy.hook, _hook(kind)).get_hookimpls():
                if implementation.plugin is module:
                    self._take(offer(contract, _answer(implementation, source), source))

    def _check_hooks(self, module: ModuleType, source: Source) -> None:
        callers = self._pluggy.get_hookcallers(module) or []
        if not callers:
            raise PluginError(f"{source} offers nothing: no function in it is decorated with zoe.plugin.hookimpl.")
        known = [name for name in vars(specs) if name.startswith("zoe_")]
        for caller in callers:
            if not caller.has_spec():
                neighbour = nearest(caller.name, known)
                raise PluginError(f"{source} implements `{caller.name}`, no hook of Zoe; did you mean `{neighbour}`?")

    def _take(self, new: Offer) -> None:
        other = self._offers.setdefault((new.kind, new.name), new)
        if other is not new:
            raise PluginError(
                f"Two plugins offer the {new.kind} `{new.name}`: {other.source} and {new.source}; uninstall one."
            )

    def _find(self, kind: str, name: str) -> Offer:
        if (kind, name) in self._offers:
            return self._offers[kind, name]
        installed = {other.name: other.source for other in self.offered() if other.kind == kind}
        if not installed:
            raise PluginError(f"There is no {kind} `{name}`: no installed package offers any {kind}.")
        listing = ", ".join(f"`{other}` of {source.package}" for other, source in installed.items())
        raise PluginError(
            f"There is no {kind} `{name}`; did you mean `{nearest(name, installed)}`? Installed: {listing}."
        )


def _imported(entry: EntryPoint, source: Source) -> ModuleType:
    try:
        found = entry.load()
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        hint = "install what it needs, or uninstall the package"
        raise PluginError(f"The plugin {entry.name}, {source}, cannot be imported ({why}); {hint}.") from error
    if not isinstance(found, ModuleType):
        raise PluginError(f"The entry point {entry.name}, {source}, must name a module, not {found!r}.")
    return found


def _answer(implementation: pluggy.HookImpl, source: Source) -> object:
    try:
        return implementation.function()
    except Exception as error:
        raise PluginError(f"A hook of {source} failed: {type(error).__name__}: {error}") from error


def _settings(found: Offer, table: Mapping[str, object]) -> PluginSettings:
    if faults := _faults(found, table):
        raise ConfigInvalidError(faults)
    return found.offered.Settings.model_validate(dict(table))


def _faults(found: Offer, table: Mapping[str, object]) -> list[Fault]:
    prefix = ("plugins", found.name)
    known = [".".join((*prefix, key)) for key in found.offered.Settings.model_fields]
    try:
        found.offered.Settings.model_validate(dict(table))
    except ValidationError as error:
        return faults_of(error, known, prefix)
    return []


def _hook(kind: str) -> str:
    return "zoe_" + kind.replace(" ", "_")
