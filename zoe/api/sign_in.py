"""/info and /login."""

from zoe import __version__
from zoe.api.account_schemas import UserAnswer
from zoe.api.operation import Answer, Call, Need, Resource, operation
from zoe.api.schemas import InfoAnswer
from zoe.state.accounts import Account


class Info(Resource):
    """Which Zoe this is."""

    @operation(Need.NOTHING, answer=InfoAnswer, connected=False)
    def on_get(self, call: Call[None]) -> dict[str, object]:
        """Tell versions, the name of the deployment, and where its gateway is."""
        gateway = self.collaborators.gateway
        return {
            "version": __version__,
            "api_version": "0.7",
            "application_format_version": 3,
            "deployment_name": self.collaborators.settings.deployment_name,
            "gateway": gateway.origin(call.request.netloc, None) if gateway else None,
        }


class Login(Resource):
    """Where a name and a password become a cookie."""

    @operation(Need.NOTHING, answer=UserAnswer, refusals=(401, 429))
    def on_get(self, call: Call[None]) -> Answer:
        """Sign in with HTTP Basic and get a cookie; with a cookie or a token, learn whose it is."""
        if (call.request.auth or "").lower().startswith("basic "):
            # The password decides, even if a cookie of somebody else came along: this is how one changes user.
            account = self.doorkeeper.sign_in(call.request)
            cookie = {"Set-Cookie": self.doorkeeper.set_cookie(account, call.request)}
            return Answer({"user": as_user(account)}, cookie)
        return Answer({"user": as_user(self.doorkeeper.recognise(call.request))})


def as_user(account: Account) -> dict[str, object]:
    """Return an account as API 0.7 shows users: without the password."""
    return {
        "id": account.id,
        "username": account.username,
        "fs_uid": account.fs_uid,
        "email": account.email,
        "priority": account.priority,
        "enabled": account.enabled,
        "auth_source": account.auth_source,
        "quota_id": account.quota_id,
        "role_id": account.role_id,
    }
