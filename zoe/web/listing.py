"""Lists of executions: one's own, and everybody's for who may operate them."""

from typing import Any
from urllib.parse import urlencode

from zoe.api.forms import Form
from zoe.api.operation import Call, Need, require
from zoe.api.pages import GoTo, Shown, page
from zoe.api.schemas import Status
from zoe.state import executions, users
from zoe.web.site import WebPage

PAGE = 25
STATUSES = tuple(Status.__args__)  # type: ignore[attr-defined]
ENDED = ("terminated", "error")
_LARGEST_ID = 2**63 - 1


class Home(WebPage):
    """The bare address."""

    @page()
    def on_get(self, _call: Call[Form]) -> GoTo:
        """Go to the shop."""
        return GoTo(self.path("/shop"))


class Mine(WebPage):
    """One's own executions."""

    @page()
    def on_get(self, call: Call[Form]) -> Shown:
        """List one's own executions, newest first."""
        filters = _asked(call)
        found, onwards = _some(self, filters, call.caller.id)
        return self.show(call, "mine.html", found=found, onwards=onwards, **_choices(filters))


class Everybodys(WebPage):
    """All executions."""

    @page()
    def on_get(self, call: Call[Form]) -> Shown:
        """List everybody's executions, newest first, for who may operate them."""
        require(call.caller, Need.OPERATE_OTHERS)
        filters = _asked(call, "user")
        names = {one["id"]: one["username"] for one in users.users(self.collaborators.database, {})}
        found, onwards = _some(self, filters, filters.get("user_id"))
        return self.show(call, "everybodys.html", found=found, onwards=onwards, names=names, **_choices(filters))


def _asked(call: Call[Form], *more: str) -> dict[str, Any]:
    """Return the filters of the address; what makes no sense filters nothing."""
    asked = {name: call.request.get_param(name) or "" for name in ("status", "before", *more)}
    filters: dict[str, Any] = {}
    if asked["status"] in STATUSES:
        filters["status"] = asked["status"]
    for name, column in (("before", "before"), ("user", "user_id")):
        text = asked.get(name, "")
        if text.isdecimal() and int(text[:20]) <= _LARGEST_ID:
            filters[column] = int(text)
    return filters


def _some(site: WebPage, filters: dict[str, Any], owner: int | None) -> tuple[list[dict[str, Any]], str | None]:
    """Return one page of executions, and the query of the next one if there is more."""
    conditions = {name: wanted for name, wanted in filters.items() if name != "user_id"}
    found = executions.executions(site.collaborators.database, conditions, PAGE + 1, owner)
    if len(found) <= PAGE:
        return found, None
    found = found[:PAGE]
    kept = {name.removesuffix("_id"): wanted for name, wanted in filters.items()} | {"before": found[-1]["id"]}
    return found, urlencode(kept)


def _choices(filters: dict[str, Any]) -> dict[str, Any]:
    return {"statuses": STATUSES, "status": filters.get("status", ""), "user": filters.get("user_id"), "ended": ENDED}
