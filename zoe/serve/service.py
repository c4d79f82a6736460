"""The composition root: which parts there are, in which order they start, and how they stop."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial

from zoe.api.application import make_visitors
from zoe.api.collaborators import Collaborators
from zoe.api.metering import Metrics
from zoe.authenticators.internal import hash_password
from zoe.bus import Bell, Context, open_bell, open_ringer
from zoe.config import Settings
from zoe.errors import ConfigInvalidError, Fault
from zoe.logs import LogArchive
from zoe.plugin import Authenticator, Backend, Deployment, ZAppType
from zoe.plugin.manager import PluginManager
from zoe.serve.gateway import GatewayPlan
from zoe.serve.http import HttpServer
from zoe.serve.local_door import open_local_door
from zoe.serve.master import start_master
from zoe.serve.offers import make, make_all, offers
from zoe.serve.service_logs import ServiceLogs
from zoe.serve.state import OpenState, open_state
from zoe.state.ownership import make_data_dir, own
from zoe.web import create_site

log = logging.getLogger(__name__)
_MAX_UPLOAD = 256 << 20
_LAST_CALLS = 0.3  # seconds


def serve(settings: Settings, only: str | None = None) -> int:
    """Run Zoe, or one half of it (`only` is "api" or "master"), until SIGTERM or SIGINT; return the exit code.

    Running services are left running: they are found again at the next start.
    """
    _check(settings, only)
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)-7s %(name)s: %(message)s", force=True
    )
    logging.getLogger("peewee_migrate").setLevel(logging.WARNING)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a line for every request that waits a moment
    told = _when_told_to_stop()
    with ExitStack() as stack:
        _Service(settings, only, stack).start()
        told.wait()
        log.info("stopping; running services go on")
    _leave_calls()
    return 0


def _leave_calls() -> None:
    """End the process if an engine still keeps a call waiting: the next start finds what became of it."""
    left = [one for one in threading.enumerate() if one is not threading.current_thread() and not one.daemon]
    deadline = time.monotonic() + _LAST_CALLS
    for thread in left:
        thread.join(max(0.0, deadline - time.monotonic()))
    if any(thread.is_alive() for thread in left):
        logging.shutdown()
        sys.stdout.flush()
        os._exit(0)


def _check(settings: Settings, only: str | None) -> None:
    faults = []
    if only and settings.state.embedded:
        message = "the two halves meet in a database of their own: name it here (postgresql://...)"
        faults.append(Fault("state.url", message))
    if only and not settings.bus.endpoint:
        message = "the two halves need a bus between them: tcp://host:port or ipc:///path"
        faults.append(Fault("bus.endpoint", message))
    if faults:
        raise ConfigInvalidError(faults)


def _when_told_to_stop() -> threading.Event:
    told = threading.Event()
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: told.set())
    return told


class _Service:
    """The parts while they are put together; what each needs for its end is on the stack."""

    def __init__(self, settings: Settings, only: str | None, stack: ExitStack) -> None:
        self._settings, self._only, self._stack = settings, only, stack
        # The API half may stand beside a master on the same machine: the directory belongs to the master.
        directory = settings.data_dir
        self._data_dir = make_data_dir(directory) if only == "api" else stack.enter_context(own(directory))
        self._plugins = PluginManager().load()
        self._plugins.check_settings(settings.plugins)
        self._metrics = Metrics()

    def start(self) -> None:
        """Start everything, in order."""
        state = open_state(self._settings, self._data_dir, self._stack)
        deployment = Deployment(self._settings.deployment_name, state.deployment_id, self._data_dir)
        backend = self._backend(deployment)
        zapp_types = make_all(ZAppType, self._plugins, self._settings, deployment)
        archive = LogArchive(self._data_dir / "logs")
        ring, bell = self._bus(state)
        if bell is not None:
            start_master(
                self._settings, state.database, self._plugins, deployment, backend, zapp_types, archive, bell, ring,
                self._stack, self._metrics,
            )  # fmt: skip
        if self._only != "master":
            self._api(state, deployment, ServiceLogs(state.database, archive, backend), zapp_types, ring)
        else:
            _say("Zoe's master is running.")

    def _backend(self, deployment: Deployment) -> Backend:
        backend = make(Backend, self._settings.backend.name, self._plugins, self._settings, deployment)
        backend.open()
        self._stack.callback(backend.close)
        return backend

    def _bus(self, state: OpenState) -> tuple[Callable[[str], None], Bell | None]:
        endpoint, keys = self._settings.bus.endpoint, state.bus_keys
        context = Context()
        self._stack.callback(context.term)
        bell = None
        if self._only != "api":
            bell = open_bell(endpoint, keys, context)
            self._stack.callback(bell.close)
        ringer = open_ringer(endpoint if self._only == "api" else "", keys, context)
        self._stack.callback(ringer.close)
        return ringer.ring, bell

    def _api(
        self,
        state: OpenState,
        deployment: Deployment,
        logs: ServiceLogs,
        zapp_types: Mapping[str, ZAppType],
        ring: Callable[[str], None],
    ) -> None:
        gateway = GatewayPlan(self._settings, self._stack) if self._settings.gateway.enabled else None
        collaborators = Collaborators(
            database=state.database,
            settings=self._settings,
            ring=ring,
            logs=logs,
            forget_logs=logs.forget,
            hash_password=hash_password,
            now=time.time,
            cookie_key=state.cookie_key,
            zapp_types=zapp_types,
            authenticators=make_all(Authenticator, self._plugins, self._settings, deployment),
            offers=offers(self._plugins, self._settings),
            max_upload=_MAX_UPLOAD,
            metrics=self._metrics,
            gateway=gateway.links if gateway else None,
            one_node_networks=logs.backend.one_node_networks,
        )
        api = self._settings.api
        http = HttpServer(create_site(collaborators), api.host, api.port, api.threads, _MAX_UPLOAD)
        self._stack.callback(http.close)
        http.start()
        if gateway:
            gateway.start(http.address, logs, make_visitors(collaborators))
        open_local_door(self._data_dir, http.address, state.database, self._stack)
        _say(f"Zoe is running at {http.address}; in another terminal: zoe ps, zoe start --help. Ctrl-C stops it.")
        if state.admin_password:
            _say(f"Sign in elsewhere as admin with the password {state.admin_password} (shown this once).")


_say = partial(print, flush=True)
