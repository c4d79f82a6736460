"""Everything that a plugin's author imports from Zoe, beside `zoe.zapp` and `zoe.errors`."""

from zoe.kinds import Size
from zoe.plugin.authenticator import Authenticator, Identity
from zoe.plugin.backend import (
    Address,
    Backend,
    Handle,
    Limits,
    NodeReport,
    PortSpec,
    ServiceId,
    ServiceReport,
    ServiceSpec,
    ServiceState,
    SocksDoor,
    Usage,
    VolumeSpec,
)
from zoe.plugin.backfill import Backfill, BackfillSettings, IdleWork
from zoe.plugin.base import Deployment, NoSettings, Plugin, PluginSettings
from zoe.plugin.change import ExecutionChange
from zoe.plugin.fetching import dial_directly
from zoe.plugin.placement import Placement, ScoringPlacement
from zoe.plugin.policy import KeyedPolicy, Policy
from zoe.plugin.specs import hookimpl
from zoe.plugin.zapp_type import IdleTimes, Progress, RunningService, ZAppType
from zoe.scheduling.model import Application, Estimate, Node, Offer, Part, Quota, Resources, Score, Snapshot

__all__ = [
    "Address",
    "Application",
    "Authenticator",
    "Backend",
    "Backfill",
    "BackfillSettings",
    "Deployment",
    "Estimate",
    "ExecutionChange",
    "Handle",
    "Identity",
    "IdleTimes",
    "IdleWork",
    "KeyedPolicy",
    "Limits",
    "NoSettings",
    "Node",
    "NodeReport",
    "Offer",
    "Part",
    "Placement",
    "Plugin",
    "PluginSettings",
    "Policy",
    "PortSpec",
    "Progress",
    "Quota",
    "Resources",
    "RunningService",
    "Score",
    "ScoringPlacement",
    "ServiceId",
    "ServiceReport",
    "ServiceSpec",
    "ServiceState",
    "Size",
    "Snapshot",
    "SocksDoor",
    "Usage",
    "VolumeSpec",
    "ZAppType",
    "dial_directly",
    "hookimpl",
]
