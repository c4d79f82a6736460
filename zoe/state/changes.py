"""What was changed in the database, as it happens: one connection that listens, in a thread of its own."""

import logging
import os
import select
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

import psycopg2

log = logging.getLogger(__name__)
CHANNEL = "zoe_changed"
_AGAIN = 0.5  # seconds between two attempts to connect
_LIFE_SIGN = 30.0  # seconds of silence after which the connection is tried


class Topic(StrEnum):
    """What a change is about."""

    EVERYTHING = "everything"
    """Nobody knows what was missed: look at everything once. The first that a listener hears."""
    EXECUTIONS = "executions"
    SERVICES = "services"
    """Services of the executions that are named."""
    ACCOUNTS = "accounts"
    """Somebody's account, role or token."""


@dataclass(frozen=True, slots=True)
class Change:
    """Something was changed and committed; `executions` are ids."""

    topic: Topic
    executions: frozenset[int] = frozenset()


class ChangeListener:
    """Calls `heard` in its own thread for every change, within milliseconds of the commit.

    After a lost connection it connects anew, and says `EVERYTHING`.
    """

    def __init__(self, url: str, heard: Callable[[Change], None]) -> None:
        self._url, self._heard = url, heard
        self._wake_out, self._wake_in = os.pipe()
        self._stopping = threading.Event()
        self.hearing = False
        """Whether it hears of changes just now, as far as it knows."""
        self._thread = threading.Thread(target=self._run, name="changes", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._stopping.set()
        os.write(self._wake_in, b"x")
        self._thread.join()
        os.close(self._wake_in)
        os.close(self._wake_out)

    def _run(self) -> None:
        said = False
        while not self._stopping.is_set():
            try:
                self._listen()
                said = False
            except (psycopg2.Error, OSError) as error:
                if not said:
                    log.warning("changes are not heard at present: %s", str(error).strip() or type(error).__name__)
                said = True
                self._stopping.wait(_AGAIN)

    def _listen(self) -> None:
        connection = psycopg2.connect(self._url, connect_timeout=5, application_name="zoe changes")
        try:
            connection.autocommit = True
            connection.cursor().execute(f"LISTEN {CHANNEL}")
            self.hearing = True
            self._heard(Change(Topic.EVERYTHING))
            while not self._stopping.is_set():
                self._hear(connection)
        finally:
            self.hearing = False
            with suppress(psycopg2.Error):
                connection.close()

    def _hear(self, connection: psycopg2.extensions.connection) -> None:
        either = select.poll()  # `select` itself cannot count beyond 1,024 open files
        either.register(connection, select.POLLIN)
        either.register(self._wake_out, select.POLLIN)
        if not either.poll(_LIFE_SIGN * 1000):
            connection.cursor().execute("SELECT 1")
        connection.poll()
        told = dict.fromkeys(notice.payload for notice in connection.notifies)
        connection.notifies.clear()
        for change in _merged(told):
            self._heard(change)


def _merged(payloads: "dict[str, None]") -> list[Change]:
    """Return one change for each topic: what many commits have said is looked at once."""
    found: dict[Topic, set[int]] = {}
    for payload in payloads:
        topic, _, ids = payload.partition(" ")
        if topic in set(Topic):
            found.setdefault(Topic(topic), set()).update(int(one) for one in ids.split(",") if one.isdigit())
    return [Change(topic, frozenset(ids)) for topic, ids in found.items()]
