"""What Zoe may ask of the keeper."""

import os
from collections.abc import Callable

from .house import House
from .notes import note_failure
from .record import Record
from .services import Services
from .spawn import BusyError, RefusedError
from .visitors import Document, Visitor

PROTOCOL = 1


class Requests:
    """Answers requests; some answers come later, when what was asked for has happened."""

    def __init__(self, house: House, services: Services) -> None:
        self._house = house
        self._services = services
        self._answers: dict[str, Callable[[Visitor, Document], None]] = {
            "describe": self._describe,
            "start": self._start,
            "stop": self._stop,
            "remove": self._remove,
            "list": self._list,
            "watch": self._watch,
            "log": self._log,
        }

    def ask(self, visitor: Visitor, request: Document) -> None:
        """Answer one request of a visitor."""
        answer = self._answers.get(str(request.get("do")))
        if answer is None:
            visitor.send({"error": "refused", "message": "the keeper does not know this request"})
            return
        try:
            answer(visitor, request)
        except Exception as error:  # noqa: BLE001 - whoever asked must not wait for ever
            note_failure()
            visitor.send({"error": "unavailable", "message": f"the keeper failed: {error}"})

    def _describe(self, visitor: Visitor, request: Document) -> None:  # noqa: ARG002
        visitor.send({"ok": {"protocol": PROTOCOL, "pid": os.getpid(), "not_enforced": self._house.cgroups.missing}})

    def _start(self, visitor: Visitor, request: Document) -> None:
        try:
            visitor.send({"ok": self._services.start(request).as_json()})
        except RefusedError as error:
            visitor.send({"error": "refused", "message": str(error)})
        except BusyError as error:
            visitor.send({"error": "busy", "message": str(error)})

    def _stop(self, visitor: Visitor, request: Document) -> None:
        grace = float(str(request.get("grace", 0)))
        self._services.stop(_service(request), grace, lambda: visitor.send({"ok": None}))

    def _remove(self, visitor: Visitor, request: Document) -> None:
        self._services.remove(_service(request), lambda: visitor.send({"ok": None}))

    def _list(self, visitor: Visitor, request: Document) -> None:  # noqa: ARG002
        visitor.send({"ok": [record.as_json() for record in self._services.records()]})

    def _watch(self, visitor: Visitor, request: Document) -> None:
        visitor.watching = True
        self._list(visitor, request)

    def _log(self, visitor: Visitor, request: Document) -> None:
        """Answer when the log is longer than the visitor knows, or the service has ended, or some time has passed."""
        service = _service(request)
        answered: list[bool] = []

        def answer(*, grown: bool) -> None:
            timer.cancel()
            if not answered:
                answered.append(True)
                record = self._services.record_of(service)
                visitor.send({"ok": {"grown": grown, "ended": record is None or record.ended}})

        timer = self._house.loop.after(float(str(request["seconds"])), lambda: answer(grown=False))
        self._services.when_grown(service, int(str(request["offset"])), lambda: answer(grown=True))


def as_change(record: Record) -> Document:
    """Return what those who watch are told of a change."""
    return {"changed": record.as_json()}


def _service(request: Document) -> int:
    return int(str(request["id"]))
