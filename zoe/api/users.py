"""/user: for those who may change the configuration, and, of their own account, for everybody."""

from collections.abc import Mapping

from zoe.api.account_schemas import NewUser, NewUserAnswer, UserAnswer, UserChange, UserFilters, UsersAnswer
from zoe.api.operation import Call, Need, Resource, operation, require
from zoe.errors import Fault, ForbiddenError, RequestInvalidError
from zoe.state import users
from zoe.state.accounts import Account

OWN = frozenset({"email", "password"})
DANGEROUS = frozenset({"role_id", "enabled"})


class Users(Resource):
    """All users."""

    @operation(Need.CHANGE_CONFIG, query=UserFilters, answer=UsersAnswer, refusals=(400,))
    def on_get(self, call: Call[UserFilters]) -> dict[str, object]:
        """List users by id."""
        wanted = _columns(call.document.model_dump(exclude_none=True))
        return {str(one["id"]): one for one in users.users(self.collaborators.database, wanted)}

    @operation(Need.CHANGE_CONFIG, body=NewUser, answer=NewUserAnswer, code=201, refusals=(400, 409))
    def on_post(self, call: Call[NewUser]) -> dict[str, object]:
        """Create a user."""
        columns = _checked(self, call.document.model_dump(exclude_none=True))
        return {"user_id": users.add_user(self.collaborators.database, columns)}


class OneUser(Resource):
    """One user."""

    @operation(Need.SIGNED_IN, answer=UserAnswer, refusals=(404,))
    def on_get(self, call: Call[None], user_id: int) -> dict[str, object]:
        """Return a user."""
        _check_self(call.caller, user_id)
        return {"user": users.user(self.collaborators.database, user_id)}

    @operation(Need.SIGNED_IN, body=UserChange, code=201, refusals=(400, 404, 409))
    def on_post(self, call: Call[UserChange], user_id: int) -> None:
        """Change a user; of one's own account the e-mail and the password."""
        wanted = call.document.model_dump(exclude_none=True, exclude={"id"})
        _check_change(call.caller, user_id, wanted)
        users.change_user(self.collaborators.database, user_id, _checked(self, wanted))
        self.collaborators.ring("accounts")

    @operation(Need.CHANGE_CONFIG, code=204, refusals=(400, 404, 409))
    def on_delete(self, call: Call[None], user_id: int) -> None:
        """Delete a user and all past executions of that user."""
        if user_id == call.caller.id:
            raise RequestInvalidError([], "You cannot delete yourself.")
        for execution_id in users.delete_user(self.collaborators.database, user_id):
            self.collaborators.forget_logs(execution_id)


def _check_self(account: Account, user_id: int) -> None:
    if account.id != user_id:
        require(account, Need.API, Need.CHANGE_CONFIG)


def _check_change(account: Account, user_id: int, wanted: Mapping[str, object]) -> None:
    _check_self(account, user_id)
    if account.id != user_id:
        return
    # Old clients send a whole user back: what stays as it is counts for nothing.
    changed = {name for name, value in wanted.items() if getattr(account, name, None) != value}
    if Need.CHANGE_CONFIG not in account.permissions and not OWN.issuperset(changed):
        raise ForbiddenError("Of your own account you can change the e-mail and the password only.")
    # Else the last who may change anything could be gone.
    if locked := sorted(DANGEROUS.intersection(changed)):
        raise RequestInvalidError([Fault(name, "you cannot change this of your own account") for name in locked])


def _checked(resource: Resource, wanted: Mapping[str, object]) -> dict[str, object]:
    columns = _columns(wanted)
    known = resource.collaborators.authenticators
    if "auth_source" in columns and columns["auth_source"] not in known:
        raise RequestInvalidError([Fault("auth_source", f"it is none of {', '.join(sorted(known))}")])
    if columns.get("fs_uid") == 0:
        raise RequestInvalidError([Fault("fs_uid", "nobody's services run as root")])
    if "password" in columns:
        columns["password_hash"] = resource.collaborators.hash_password(str(columns.pop("password")))
    return columns


def _columns(wanted: Mapping[str, object]) -> dict[str, object]:
    return {
        name.removesuffix("_id") if name in {"role_id", "quota_id"} else name: sent for name, sent in wanted.items()
    }
