"""/execution/N/extend: asking that an execution be kept, though nobody may work with it meanwhile."""

from zoe.api.executions import check_ownership
from zoe.api.operation import Call, Need, Resource, operation
from zoe.api.schemas import Extension, ExtensionAnswer
from zoe.errors import Fault, ForbiddenError, RequestInvalidError
from zoe.state import activity, executions
from zoe.state.accounts import Account


def extend(resource: Resource, account: Account, execution_id: int, hours: float) -> float:
    """Keep an execution for so many hours from now, for who may; return until when (seconds since the epoch)."""
    database = resource.collaborators.database
    check_ownership(account, executions.owner_of(database, execution_id))
    _check(hours, resource.collaborators.settings.idle.max_extend_hours)
    until = resource.collaborators.now() + hours * 3600
    until = activity.extend(database, execution_id, until, account.username)
    resource.collaborators.ring("extension")
    return until


def _check(hours: float, most: float) -> None:
    if not most:
        raise ForbiddenError("No execution can be extended here: the administrator does not allow it.")
    if hours > most:
        raise RequestInvalidError([Fault("hours", f"should be at most {most:g} here")])


class Extend(Resource):
    """More time for one execution."""

    @operation(Need.API, body=Extension, answer=ExtensionAnswer, code=201, refusals=(400, 404, 413, 415))
    def on_post(self, call: Call[Extension], execution_id: int) -> dict[str, object]:
        """Have an execution kept for so many hours from now, idle or not; what was granted before is never shortened.

        The runtime limit of its owner's quota ends it all the same.
        """
        return {"kept_until": extend(self, call.caller, execution_id, call.document.hours)}
