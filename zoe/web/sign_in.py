"""Signing in and out."""

from zoe.api.cookies import NAME, ended
from zoe.api.errors import TooManyAttemptsError
from zoe.api.forms import Form
from zoe.api.gateway_entry import SESSION
from zoe.api.operation import Call, Need
from zoe.api.origin import check_origin
from zoe.api.pages import GoTo, Shown, page
from zoe.errors import NotSignedInError
from zoe.web.own_paths import own_path
from zoe.web.site import WebPage


class SignIn(WebPage):
    """Where a name and a password become a cookie."""

    @page(Need.NOTHING)
    def on_get(self, call: Call[Form]) -> Shown | GoTo:
        """Ask for name and password."""
        return self._form(call, own_path(call.request.get_param("next") or "/"))

    @page(Need.NOTHING)
    def on_post(self, call: Call[Form]) -> Shown | GoTo:
        """Sign in, and go where the person was going."""
        check_origin(call.request)
        form = call.document
        onwards, username = own_path(form.get("next", "/")), form.get("username", "").strip()
        try:
            account = self.doorkeeper.check(username, form.get("password", ""), call.request.remote_addr or "")
        except (NotSignedInError, TooManyAttemptsError) as error:
            code = 429 if isinstance(error, TooManyAttemptsError) else 401
            return self._form(call, onwards, username, str(error), code)
        return GoTo(self.path(onwards), [self.doorkeeper.set_cookie(account, call.request)])

    def _form(self, call: Call[Form], onwards: str, username: str = "", message: str = "", code: int = 200) -> Shown:
        facts = {"onwards": onwards, "username": username[:200], "message": message}
        return self.show(call, "signin.html", code=code, **facts)


class SignOut(WebPage):
    """Where a browser forgets its cookie."""

    @page(Need.NOTHING)
    def on_post(self, call: Call[Form]) -> GoTo:
        """Sign out."""
        check_origin(call.request)
        # The gateway's too, on the same host: the next person at this browser must not open one's notebooks. With a
        # domain each execution has a cookie at an origin of its own: those become worthless with their session.
        self.doorkeeper.sign_out(call.request)
        secure = call.request.scheme == "https"
        return GoTo(self.path("/signin"), [ended(name, secure) for name in (NAME, SESSION)])
