"""Idle termination, put together from its settings."""

from collections.abc import Callable, Mapping

from zoe.config import IdleSettings
from zoe.config import IdleTimes as TimesSettings
from zoe.errors import ConfigInvalidError, Fault
from zoe.master.idle_signals import Prober
from zoe.master.idle_terms import IdleTerms, over
from zoe.master.idle_watch import IdleWatch
from zoe.master.running import Reach
from zoe.plugin import IdleTimes, ZAppType
from zoe.state.database import Database


def watch_idle(
    settings: IdleSettings,
    database: Database,
    reach: Reach,
    zapp_types: Mapping[str, ZAppType],
    ring: Callable[[], None],
) -> IdleWatch:
    """Return what ends executions that nobody uses, as configured.

    Raises:
        ConfigInvalidError: times are set for a ZApp type that there is none of.

    """
    known = ", ".join(sorted(zapp_types)) or "none"
    unknown = sorted(set(settings.zapp_types) - set(zapp_types))
    if unknown:
        said = f"there is no such ZApp type; there are: {known}"
        raise ConfigInvalidError([Fault(f"idle.zapp_types.{name}", said) for name in unknown])
    terms = idle_terms(settings, zapp_types)
    prober = Prober(reach.backend, terms.threshold, ring)
    return IdleWatch(database, terms, zapp_types, reach, prober)


def idle_terms(settings: IdleSettings, zapp_types: Mapping[str, ZAppType]) -> IdleTerms:
    """Return the times as configured; what is configured of a ZApp type counts more than what it says itself."""
    configured = {name: _times(times) for name, times in settings.zapp_types.items()}
    own = {name: type(zapp_type).idle for name, zapp_type in zapp_types.items()}
    return IdleTerms(
        IdleTimes(settings.elastic_minutes, settings.end_minutes),
        {name: _times(times) for name, times in settings.roles.items()},
        own | {name: over(times, own.get(name, IdleTimes())) for name, times in configured.items()},
        everything=settings.applies_to == "all",
        look_seconds=settings.look_seconds,
        threshold=settings.quiet_percent / 100,
        can_extend=settings.max_extend_hours > 0,
    )


def _times(settings: TimesSettings) -> IdleTimes:
    return IdleTimes(settings.elastic_minutes, settings.end_minutes)
