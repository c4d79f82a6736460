"""/service and /discovery: the parts of an execution, their logs and their names."""

from zoe.api.executions import check_ownership
from zoe.api.followers import Followers
from zoe.api.operation import Answer, Call, Need, Resource, operation, require
from zoe.api.schemas import DiscoveryAnswer, LogOptions, Service
from zoe.errors import NotFoundError
from zoe.state import executions, services


class OneService(Resource):
    """One service."""

    @operation(Need.API, answer=Service, refusals=(404,))
    def on_get(self, call: Call[None], service_id: int) -> dict[str, object]:
        """Return one service."""
        found, owner = services.service(self.collaborators.database, service_id)
        check_ownership(call.caller, owner)
        return found


class Logs(Resource):
    """The log of a service."""

    followers: Followers

    @operation(Need.API, query=LogOptions, refusals=(404, 503))
    def on_get(self, call: Call[LogOptions], service_id: int) -> Answer:
        """Stream the log of a service from its start, and go on until the service ends."""
        found, owner = services.service(self.collaborators.database, service_id)
        check_ownership(call.caller, owner)
        follow = call.document.follow and found["status"] not in services.ENDED
        seat = self.followers.seat() if follow else self.followers.later()
        try:
            lines = self.collaborators.logs(service_id, follow)
        except BaseException:
            seat.leave()
            raise
        gone = call.request.env.get("waitress.client_disconnected", lambda: False)
        return Answer(stream=seat.taken_by(lines, gone))


class Discovery(Resource):
    """The names in the network of an execution's services."""

    @operation(Need.NOTHING, answer=DiscoveryAnswer, refusals=(401, 403, 404))
    def on_get(self, call: Call[None], execution_id: int, group: str) -> dict[str, object]:
        """Tell the names of a group, or of `all`; services of the execution ask without signing in."""
        database = self.collaborators.database
        known = services.addresses(database, execution_id)
        if call.request.remote_addr not in known:
            account = self.doorkeeper.recognise(call.request)
            require(account, Need.API)
            check_ownership(account, executions.owner_of(database, execution_id))
        deployment = self.collaborators.settings.deployment_name
        names = services.dns_names(database, execution_id, deployment)
        chosen = [name for name, of in names if group in {"all", of}]
        if not chosen:
            raise NotFoundError(f"There is no service group {group!a} in execution {execution_id}.")
        return {"service_type": group, "execution_id": execution_id, "dns_names": chosen}
