"""The master, put together: everything it needs is passed in."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

from zoe.api.metering import Metrics
from zoe.bus import Bell
from zoe.config import Settings
from zoe.gateway.dialling import connect
from zoe.logs import LogArchive
from zoe.master.calls import BackendCalls
from zoe.master.clearing import Clearing
from zoe.master.loop import BACKEND, Master
from zoe.master.making_room import Warner
from zoe.master.observe import Observer
from zoe.master.progress import ProgressWatch
from zoe.master.running import Reach
from zoe.master.schedule import Scheduler
from zoe.master.specs import SpecMaker
from zoe.master.tick import Round
from zoe.master.usage import UsageBook
from zoe.plugin import Backend, Deployment, ExecutionChange, Placement, Policy, ZAppType
from zoe.plugin.manager import PluginManager
from zoe.serve.backfill import make_fillers
from zoe.serve.idle import watch_idle
from zoe.serve.offers import make
from zoe.state.database import Database


def start_master(  # noqa: PLR0913, PLR0917 - the composition root passes everything in
    settings: Settings,
    database: Database,
    plugins: PluginManager,
    deployment: Deployment,
    backend: Backend,
    zapp_types: Mapping[str, ZAppType],
    archive: LogArchive,
    bell: Bell,
    ring: Callable[[str], None],
    stack: ExitStack,
    metrics: Metrics,
) -> Master:
    """Start the master's thread; closing the stack stops it."""
    reach, ring_backend = Reach(backend, connect), partial(ring, BACKEND)
    calls = BackendCalls(
        backend,
        SpecMaker(backend, settings.deployment_name, settings.workspaces),
        archive,
        settings.master.stop_grace,
        ring_backend,
        settings.master.backend_calls,
        Warner(zapp_types, reach).warn,
    )
    rounds = Round(
        database,
        calls,
        Observer(settings.master.restart_delay_max, settings.master.unreachable_patience, zapp_types),
        _scheduler(settings, database, plugins, deployment, backend),
        ProgressWatch(zapp_types, reach, settings.master.progress_seconds),
        announcer(plugins, stack, metrics),
        settings.master.resync_seconds,
        holds_back=settings.scheduler.over_quota == "queue",
        restart_lost=settings.master.lost_core == "restart",
        fillers=make_fillers(plugins, settings, deployment),
        idle=watch_idle(settings.idle, database, reach, zapp_types, ring_backend),
        clearing=Clearing(database, zapp_types, settings.workspaces, ring_backend),
    )
    backend.watch(calls.tell)
    master = Master(database, bell, ring_backend, rounds, settings.master.tick_seconds, metrics.ticked)
    master.start()
    stack.callback(master.stop)
    return master


def _scheduler(
    settings: Settings, database: Database, plugins: PluginManager, deployment: Deployment, backend: Backend
) -> Scheduler:
    chosen = settings.scheduler
    policy = make(Policy, chosen.policy, plugins, settings, deployment)
    placement = make(Placement, chosen.placement, plugins, settings, deployment)
    return Scheduler(policy, placement, backend, usage=_usage(policy, database), pass_seconds=chosen.pass_seconds)


def _usage(policy: Policy, database: Database) -> UsageBook | None:
    half_life = getattr(policy, "half_life", None)
    return UsageBook(database, half_life) if half_life else None


def announcer(plugins: PluginManager, stack: ExitStack, metrics: Metrics) -> Callable[[ExecutionChange], None]:
    """Return what counts changes and tells plugins of them, on a thread of its own: the loop waits for no plugin."""
    if not plugins.listens:
        return metrics.changed
    pool = ThreadPoolExecutor(1, thread_name_prefix="announce")
    stack.callback(pool.shutdown, wait=False, cancel_futures=True)

    def announce(change: ExecutionChange) -> None:
        metrics.changed(change)
        pool.submit(plugins.changed, change)

    return announce
