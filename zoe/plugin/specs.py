"""The hooks. A plugin implements those it needs, each decorated with `@hookimpl`, in the module of its entry point."""

import pluggy

from zoe.plugin.authenticator import Authenticator
from zoe.plugin.backend import Backend
from zoe.plugin.backfill import Backfill
from zoe.plugin.change import ExecutionChange
from zoe.plugin.placement import Placement
from zoe.plugin.policy import Policy
from zoe.plugin.zapp_type import ZAppType

NAMESPACE = "zoe"
hookspec = pluggy.HookspecMarker(NAMESPACE)
hookimpl = pluggy.HookimplMarker(NAMESPACE)


@hookspec
def zoe_backend() -> type[Backend]:  # type: ignore[empty-body]
    """Return a backend. Called once at start, from the main thread; must not do I/O."""


@hookspec
def zoe_zapp_type() -> type[ZAppType]:  # type: ignore[empty-body]
    """Return a ZApp type. Called once at start, from the main thread; must not do I/O."""


@hookspec
def zoe_authenticator() -> type[Authenticator]:  # type: ignore[empty-body]
    """Return an authenticator. Called once at start, from the main thread; must not do I/O."""


@hookspec
def zoe_policy() -> type[Policy]:  # type: ignore[empty-body]
    """Return a scheduling policy. Called once at start, from the main thread; must not do I/O."""


@hookspec
def zoe_placement() -> type[Placement]:  # type: ignore[empty-body]
    """Return a placement. Called once at start, from the main thread; must not do I/O."""


@hookspec
def zoe_backfill() -> type[Backfill]:  # type: ignore[empty-body]
    """Return a backfill. Called once at start, from the main thread; must not do I/O."""


@hookspec
def zoe_execution_changed(change: ExecutionChange) -> None:
    """Hear that an execution has moved. Called after commit, from a pool thread of the master.

    What it raises is logged and goes no further.
    """
