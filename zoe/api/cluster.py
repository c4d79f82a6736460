"""/statistics, /node, /zapp_type and /plugins: what this deployment is and does."""

from inspect import cleandoc

from zoe.api.operation import Call, Need, Resource, operation
from zoe.api.schemas import NodesAnswer, PluginsAnswer, SchedulerAnswer, ZAppTypesAnswer
from zoe.plugin import ZAppType
from zoe.state import cluster


class Scheduler(Resource):
    """The queues and the platform."""

    @operation(Need.API, answer=SchedulerAnswer)
    def on_get(self, call: Call[None]) -> dict[str, object]:
        """Tell what waits, runs and ends, and how full the platform is."""
        queues = cluster.queues(self.collaborators.database)
        platform = cluster.platform(cluster.nodes(self.collaborators.database))
        if Need.SEE_STATUS not in call.caller.permissions:
            platform["nodes"] = []
        return {
            "queue_length": len(queues["queue"]),
            "running_length": len(queues["running_queue"]),
            "termination_queue_length": len(queues["termination_queue"]),
            **queues,
            "platform_stats": platform,
        }


class Nodes(Resource):
    """The machines."""

    @operation(Need.SEE_STATUS, answer=NodesAnswer)
    def on_get(self, _call: Call[None]) -> dict[str, object]:
        """List the machines by name."""
        return {node["name"]: node for node in cluster.nodes(self.collaborators.database)}


class ZAppTypes(Resource):
    """What makes ZApps from a few parameters."""

    @operation(Need.API, answer=ZAppTypesAnswer)
    def on_get(self, _call: Call[None]) -> dict[str, object]:
        """List the ZApp types by name, with the JSON Schema of their parameters."""
        return {name: _described(name, kind) for name, kind in sorted(self.collaborators.zapp_types.items())}


class Plugins(Resource):
    """What is installed."""

    @operation(Need.API, answer=PluginsAnswer)
    def on_get(self, _call: Call[None]) -> dict[str, object]:
        """List the installed plugins by kind and name, and what is in use."""
        return {f"{offer['kind']} {offer['name']}": dict(offer) for offer in self.collaborators.offers}


def _described(name: str, kind: ZAppType) -> dict[str, object]:
    summary = cleandoc(type(kind).__doc__ or "").partition("\n")[0]
    return {"name": name, "summary": summary, "parameters": kind.Parameters.model_json_schema()}
