"""One execution: what it is and does, its log, and what its owner may do with it."""

from collections.abc import Mapping
from typing import Any

from zoe.api.executions import check_ownership, forget, stop
from zoe.api.extend import extend
from zoe.api.forms import Form
from zoe.api.operation import Call
from zoe.api.pages import GoTo, Shown, page
from zoe.api.submission import place_order, read_order
from zoe.errors import FaultyDocumentError, ForbiddenError
from zoe.state import executions, services, users
from zoe.web.interfaces import interfaces, main_interface
from zoe.web.listing import ENDED
from zoe.web.shop.shelves import Shop
from zoe.web.site import WebPage

KEPT_HOURS = 4.0
"""For how long one click keeps an execution, if the administrator allows as much."""
LAST_LINES = 2000
"""How much of a log is shown where it cannot be followed."""


class _ExecutionPage(WebPage):
    def seen(self, call: Call[Form], execution_id: int) -> dict[str, Any]:
        """Return an execution that the asker may see."""
        found = executions.execution(self.collaborators.database, execution_id)
        check_ownership(call.caller, found["user_id"])
        return found

    def own(self, call: Call[Form], execution_id: int) -> dict[str, Any]:
        """Return an execution of the asker's own: nobody starts anything in another's name."""
        found = executions.execution(self.collaborators.database, execution_id)
        if found["user_id"] != call.caller.id:
            raise ForbiddenError("This execution belongs to somebody else.")
        return found

    def parts(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Return what all pages of an execution show of it."""
        made = services.services(self.collaborators.database, found["id"])
        ways = interfaces(self.site, found["id"], made)
        return {"one": found, "services": made, "interfaces": ways, "main": main_interface(ways), "ended": ENDED}


class OneExecution(_ExecutionPage):
    """An execution's page."""

    @page()
    def on_get(self, call: Call[Form], execution_id: int) -> Shown:
        """Show everything about an execution."""
        found = self.seen(call, execution_id)
        database = self.collaborators.database
        owner = "" if found["user_id"] == call.caller.id else users.user(database, found["user_id"])["username"]
        past = executions.events(database, execution_id)
        return self.show(call, "execution.html", owner=owner, events=past, **self.parts(found))


class Opening(_ExecutionPage):
    """Where one waits until the main web interface answers; it then opens by itself."""

    @page()
    def on_get(self, call: Call[Form], execution_id: int) -> Shown:
        """Show how far the start is."""
        return self.show(call, "opening.html", **self.parts(self.seen(call, execution_id)))


class Stop(_ExecutionPage):
    """The button that stops an execution."""

    @page()
    def on_post(self, call: Call[Form], execution_id: int) -> GoTo:
        """Have it stopped; that it has ended already is no fault of who pressed the button."""
        if self.seen(call, execution_id)["status"] not in ENDED:
            stop(self, call.caller, execution_id)
        return GoTo(self.path(f"/executions/{execution_id}"))


class Extend(_ExecutionPage):
    """The button that keeps an execution though nobody works with it."""

    @page()
    def on_post(self, call: Call[Form], execution_id: int) -> GoTo:
        """Keep it for some hours more."""
        most = self.collaborators.settings.idle.max_extend_hours
        extend(self, call.caller, execution_id, min(KEPT_HOURS, most))
        return GoTo(self.path(f"/executions/{execution_id}"))


class Again(_ExecutionPage):
    """The button that starts the same once more."""

    @page()
    def on_post(self, call: Call[Form], execution_id: int) -> GoTo:
        """Start an execution with the same parameters; what cannot be repeated as it was goes through the form."""
        found = self.own(call, execution_id)
        if found["zapp_type"] is None:
            sent = {"application": found["description"]}
        else:
            sent = {"zapp_type": found["zapp_type"], "parameters": found["parameters"]}
            if form := self._form_of(found):
                return GoTo(self.path(f"/shop/{form}?again={execution_id}"))
        try:
            order = read_order(self, {**sent, "name": found["name"], "opportunistic": found["opportunistic"]})
        except FaultyDocumentError as error:
            raise ForbiddenError(f"This cannot be started again as it was: {error}") from error
        number, _ = place_order(self, call.caller, order)
        return GoTo(self.path(f"/executions/{number}/opening"))

    def _form_of(self, found: Mapping[str, Any]) -> str | None:
        """Return the offer whose form has to ask for a secret again, as secrets are never shown."""
        shop = Shop(self.collaborators.zapp_types, None)
        offer = shop.of_type(found["zapp_type"], found["parameters"] or {})
        return offer.key if offer and any(one.kind == "secret" for one in offer.fields) else None


class Forget(_ExecutionPage):
    """The button that forgets an execution that has ended."""

    @page()
    def on_post(self, call: Call[Form], execution_id: int) -> GoTo:
        """Forget it, for who may."""
        forget(self, call.caller, execution_id)
        return GoTo(self.path("/executions"))


class Log(_ExecutionPage):
    """The log of a service, as far as it is by now."""

    @page(connected=False)
    def on_get(self, call: Call[Form], service_id: int) -> Shown:
        """Return the last lines, as text."""
        with self.collaborators.database.session_or_own():
            _, owner = services.service(self.collaborators.database, service_id)
        check_ownership(call.caller, owner)
        lines: list[bytes] = []
        for line in self.collaborators.logs(service_id, False):  # noqa: FBT003 - as its protocol has it
            lines.append(line)
            if len(lines) > 2 * LAST_LINES:
                del lines[:LAST_LINES]
        return Shown(b"".join(lines[-LAST_LINES:]), "text/plain; charset=UTF-8")
