"""Which plugins there are, and which of them this deployment uses."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from zoe.config import Settings
from zoe.plugin import Deployment
from zoe.plugin.base import Plugin
from zoe.plugin.manager import PluginManager
from zoe.plugin.offer import KINDS

K = TypeVar("K", bound=Plugin)


def make(kind: type[K], name: str, plugins: PluginManager, settings: Settings, deployment: Deployment) -> K:
    """Make a plugin with what stands under `[plugins.<name>]`."""
    return plugins.make(kind, name, settings.plugin(name), deployment)


def make_all(kind: type[K], plugins: PluginManager, settings: Settings, deployment: Deployment) -> Mapping[str, K]:
    """Make every plugin of a kind, by name: of ZApp types and authenticators all that are installed are in use."""
    names = [offer.name for offer in plugins.offered() if offer.kind == KINDS[kind]]
    return {name: make(kind, name, plugins, settings, deployment) for name in names}


def offers(plugins: PluginManager, settings: Settings) -> Sequence[Mapping[str, object]]:
    """Return all plugins as the API lists them."""
    used = {
        ("backend", settings.backend.name),
        ("policy", settings.scheduler.policy),
        ("placement", settings.scheduler.placement),
    }
    always = {"zapp type", "authenticator"}
    return [
        {
            "kind": offer.kind,
            "name": offer.name,
            "summary": offer.doc,
            "package": offer.package,
            "version": offer.version,
            "in_use": offer.kind in always
            or (offer.kind, offer.name) in used
            or (offer.kind == "backfill" and "backfill" in settings.plugin(offer.name)),
        }
        for offer in plugins.offered()
    ]
