"""The gateway, put together: everything it needs is passed in."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import cast
from urllib.parse import urlsplit

from zoe.api.gateway_entry import Visitors
from zoe.config import Settings
from zoe.gateway.links import GatewayLinks
from zoe.gateway.nginx import end_leftover, find
from zoe.gateway.server import Collaborators, Gateway, listen
from zoe.serve.open_files import allow_many_files
from zoe.serve.service_logs import ServiceLogs
from zoe.state.activity import Kind, note_activity
from zoe.state.database import Database


class GatewayPlan:
    """A gateway whose port is taken already, so that the API can tell addresses before anybody answers there."""

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self._settings, self._stack = settings, stack
        allow_many_files()
        self._directory = settings.data_dir / "nginx"
        end_leftover(self._directory)
        self._listening = listen(settings.gateway.host, _port(settings))
        stack.callback(self._listening.close)
        port = self._listening.getsockname()[1]
        self.links = GatewayLinks(settings.gateway, port, settings.api.port, settings.api.url_prefix or "")

    def start(self, web_address: str, logs: ServiceLogs, visitors: Visitors) -> None:
        """Answer; Zoe's own pages are at `web_address`. Closing the stack ends it."""
        links = replace(self.links, web_port=urlsplit(web_address).port or 80)
        database = logs.database
        collaborators = Collaborators(
            database,
            links,
            visitors,
            logs.backend.address,
            partial(_note, database),
            logs,
            self._directory,
            find(self._settings.gateway.nginx),
        )
        gateway = Gateway(collaborators, self._listening)
        gateway.start()
        self._stack.callback(gateway.close)


def _port(settings: Settings) -> int:
    chosen, api = settings.gateway.port, settings.api.port
    return chosen if chosen is not None else (api + 1) % 65536 if api else 0


def _note(database: Database, seen: Mapping[int, float], kind: str) -> None:
    with database.session():
        note_activity(database, seen, cast("Kind", kind))
