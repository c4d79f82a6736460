"""The cluster, as a picture: what its nodes have, what is reserved and used of it, and who waits for it."""

from typing import Any

from zoe.api.forms import Form
from zoe.api.operation import Call, Need
from zoe.api.pages import Shown, page
from zoe.state import cluster
from zoe.state.backfill_books import books
from zoe.web.pictures import bar, queue_strip
from zoe.web.site import WebPage


class Cluster(WebPage):
    """The nodes and the queue."""

    @page()
    def on_get(self, call: Call[Form]) -> Shown:
        """Show how full the cluster is; the single nodes to those who may see them."""
        database = self.collaborators.database
        nodes = cluster.nodes(database)
        sizes = cluster.active_sizes(database)
        everybodys = Need.OPERATE_OTHERS in call.caller.permissions
        waiting = [_seen(one, call.caller.id, everybodys) for one in sizes if one["waits"]]
        running = [_seen(one, call.caller.id, everybodys) for one in sizes if not one["waits"]]
        return self.show(
            call,
            "cluster.html",
            platform=cluster.platform(nodes),
            nodes=nodes if Need.SEE_STATUS in call.caller.permissions else [],
            waiting=waiting,
            running=running,
            backfills=books(database),
            bar=bar,
            strip=queue_strip,
        )


def _seen(one: dict[str, Any], viewer: int, everybodys: bool) -> dict[str, Any]:
    """Leave out what is not for this viewer: the names of others' executions."""
    own = one["user_id"] == viewer
    return {**one, "own": own, "name": one["name"] if own or everybodys else None}
