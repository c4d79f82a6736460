"""The settings: command line over `ZOE_*` environment over zoe.toml over defaults; frozen, and checked all at once."""

from zoe.config.described import Described, described
from zoe.config.model import (
    ApiSettings,
    BackendSettings,
    BusSettings,
    GatewaySettings,
    IdleSettings,
    IdleTimes,
    MasterSettings,
    SchedulerSettings,
    Settings,
    StateSettings,
    UsersSettings,
    ZAppsSettings,
)
from zoe.config.reading import load

__all__ = [
    "ApiSettings",
    "BackendSettings",
    "BusSettings",
    "Described",
    "GatewaySettings",
    "IdleSettings",
    "IdleTimes",
    "MasterSettings",
    "SchedulerSettings",
    "Settings",
    "StateSettings",
    "UsersSettings",
    "ZAppsSettings",
    "described",
    "load",
]
