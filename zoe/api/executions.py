"""/execution: submitting, looking, stopping, forgetting."""

from zoe.api.operation import Answer, Call, Need, Resource, operation, require
from zoe.api.schemas import (
    EndpointsAnswer,
    EventsAnswer,
    Execution,
    ExecutionFilters,
    ExecutionsAnswer,
    NewExecution,
    NewExecutionAnswer,
)
from zoe.api.submission import place_order, read_order
from zoe.api.validation import as_warnings
from zoe.errors import ForbiddenError
from zoe.state import executions, requests, services
from zoe.state.accounts import Account


def check_ownership(account: Account, owner: int) -> None:
    """Refuse those who neither own an execution nor may operate those of others."""
    if account.id != owner and Need.OPERATE_OTHERS not in account.permissions:
        raise ForbiddenError("This execution belongs to somebody else.")


def stop(resource: Resource, account: Account, execution_id: int) -> None:
    """Write the wish of somebody who may have it that an execution be stopped."""
    database = resource.collaborators.database
    check_ownership(account, executions.owner_of(database, execution_id))
    requests.request_stop(database, execution_id, resource.collaborators.now(), f"stopped by {account.username}")
    resource.collaborators.ring("stop")


def forget(resource: Resource, account: Account, execution_id: int) -> None:
    """Forget an execution that has ended, with its logs, for somebody who may."""
    require(account, Need.DELETE_EXECUTIONS)
    check_ownership(account, executions.owner_of(resource.collaborators.database, execution_id))
    requests.forget(resource.collaborators.database, execution_id)
    resource.collaborators.forget_logs(execution_id)


class Executions(Resource):
    """All executions."""

    @operation(Need.API, query=ExecutionFilters, answer=ExecutionsAnswer, refusals=(400,))
    def on_get(self, call: Call[ExecutionFilters]) -> dict[str, object]:
        """List executions by id, newest first: one's own, or everybody's if the role lets operate others'."""
        filters = call.document.model_dump(exclude_none=True, exclude={"limit"})
        owner = None if Need.OPERATE_OTHERS in call.caller.permissions else call.caller.id
        found = executions.executions(self.collaborators.database, filters, call.document.limit, owner)
        return {str(one["id"]): one for one in found}

    @operation(
        Need.API, body=NewExecution, raw=True, answer=NewExecutionAnswer, code=201, refusals=(400, 409, 413, 415)
    )
    def on_post(self, call: Call[object]) -> dict[str, object]:
        """Submit a ZApp, or the parameters of a ZApp type."""
        number, warnings = place_order(self, call.caller, read_order(self, call.document))
        return {"execution_id": number, "warnings": as_warnings(warnings)}


class OneExecution(Resource):
    """One execution."""

    @operation(Need.API, answer=Execution, refusals=(404,))
    def on_get(self, call: Call[None], execution_id: int) -> dict[str, object]:
        """Return one execution."""
        found = executions.execution(self.collaborators.database, execution_id)
        check_ownership(call.caller, found["user_id"])
        return found

    @operation(Need.API, code=204, refusals=(400, 404))
    def on_delete(self, call: Call[None], execution_id: int) -> None:
        """Have an execution stopped: this only says so, its status tells when it is done."""
        stop(self, call.caller, execution_id)


class PastExecution(Resource):
    """An execution that has ended, to be forgotten."""

    @operation(Need.API, code=204, refusals=(400, 404))
    def on_delete(self, call: Call[None], execution_id: int) -> None:
        """Forget an execution that has ended, with its logs."""
        forget(self, call.caller, execution_id)


class Endpoints(Resource):
    """Where the ports of an execution are."""

    @operation(Need.API, answer=EndpointsAnswer, refusals=(404,))
    def on_get(self, call: Call[None], execution_id: int) -> dict[str, object]:
        """List the ports of the services that run."""
        check_ownership(call.caller, executions.owner_of(self.collaborators.database, execution_id))
        found = services.endpoints(self.collaborators.database, execution_id)
        link = self.collaborators.link
        return {"endpoints": [[one.name, one.url, link(call.request.netloc, one.page)] for one in found]}


class Events(Resource):
    """The history of an execution."""

    @operation(Need.API, answer=EventsAnswer, refusals=(404,))
    def on_get(self, call: Call[None], execution_id: int) -> Answer:
        """Return what happened to an execution, oldest first."""
        check_ownership(call.caller, executions.owner_of(self.collaborators.database, execution_id))
        return Answer({"events": executions.events(self.collaborators.database, execution_id)})
