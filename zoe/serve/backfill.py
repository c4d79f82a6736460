"""Which backfills this deployment uses."""

from collections.abc import Sequence

from zoe.config import Settings
from zoe.master.backfill_filler import Filler
from zoe.plugin import Backfill, Deployment
from zoe.plugin.manager import PluginManager
from zoe.serve.offers import make_all


def make_fillers(plugins: PluginManager, settings: Settings, deployment: Deployment) -> Sequence[Filler]:
    """Make those for which `[plugins.<name>.backfill]` is written, in the order of their names."""
    defaults = settings.scheduler.default_cores, settings.scheduler.default_memory
    made = make_all(Backfill, plugins, settings, deployment)
    return [Filler(plugin, plugin.terms, defaults) for _, plugin in sorted(made.items()) if plugin.terms is not None]
