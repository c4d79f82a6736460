"""The WSGI application: every route of API 0.7, and ours."""

from typing import TypeAlias

import falcon

from zoe.api import (
    backfill,
    cluster,
    entitlements,
    errors,
    executions,
    extend,
    services,
    sign_in,
    tokens,
    users,
    validation,
    workspace,
)
from zoe.api.collaborators import Collaborators
from zoe.api.cookies import Cookies
from zoe.api.document import Document
from zoe.api.followers import Followers
from zoe.api.gateway_entry import GatewayEntry, Visitors
from zoe.api.identity import Doorkeeper
from zoe.api.metering import RequestMeter
from zoe.api.metrics import MetricsPage
from zoe.api.operation import Resource
from zoe.api.passwords import Passwords
from zoe.api.paths import IdConverter, Slashes
from zoe.state.accounts import Accounts

App: TypeAlias = falcon.App[falcon.Request, falcon.Response]
PREFIX = "/api/0.7"
ROUTES: dict[str, type[Resource]] = {
    "/info": sign_in.Info,
    "/login": sign_in.Login,
    "/zapp_validate": validation.Validation,
    "/zapp_schema": validation.Schema,
    "/zapp_type": cluster.ZAppTypes,
    "/execution": executions.Executions,
    "/execution/{execution_id:id}": executions.OneExecution,
    "/execution/delete/{execution_id:id}": executions.PastExecution,
    "/execution/endpoints/{execution_id:id}": executions.Endpoints,
    "/execution/{execution_id:id}/events": executions.Events,
    "/execution/{execution_id:id}/extend": extend.Extend,
    "/service/{service_id:id}": services.OneService,
    "/service/logs/{service_id:id}": services.Logs,
    "/discovery/by_group/{execution_id:id}/{group}": services.Discovery,
    "/statistics/scheduler": cluster.Scheduler,
    "/backfill": backfill.Backfills,
    "/node": cluster.Nodes,
    "/plugins": cluster.Plugins,
    "/user": users.Users,
    "/user/{user_id:id}": users.OneUser,
    "/role": entitlements.Roles,
    "/role/{role_id:id}": entitlements.OneRole,
    "/quota": entitlements.Quotas,
    "/quota/{quota_id:id}": entitlements.OneQuota,
    "/token": tokens.Tokens,
    "/token/{token_id:id}": tokens.OneToken,
    "/workspace/{path:path}": workspace.WorkspaceFile,
    "/openapi.json": Document,
}


def create_app(collaborators: Collaborators, doorkeeper: Doorkeeper | None = None) -> App:
    """Return the application; other parts of Zoe may add routes outside `/api`, behind the same doorkeeper."""
    app: App = falcon.App(middleware=[RequestMeter(collaborators.metrics), Slashes()])
    app.router_options.converters["id"] = IdConverter
    errors.install(app)
    doorkeeper = doorkeeper or make_doorkeeper(collaborators)
    followers = Followers(max(1, collaborators.settings.api.threads // 2))
    for path, noun in ROUTES.items():
        resource = noun(collaborators, doorkeeper)
        if isinstance(resource, services.Logs):
            resource.followers = followers
        if isinstance(resource, Document):
            resource.described = {PREFIX + route: kind for route, kind in ROUTES.items()}
        app.add_route(PREFIX + path, resource)
    app.add_route("/metrics", MetricsPage(collaborators, doorkeeper))
    app.add_route("/gateway/enter", GatewayEntry(collaborators, doorkeeper, make_visitors(collaborators)))
    return app


def make_visitors(collaborators: Collaborators) -> Visitors:
    """Return who tells the gateway's visitors apart."""
    lifetime = collaborators.settings.api.cookie_hours * 3600
    return Visitors(collaborators.database, collaborators.cookie_key, lifetime, collaborators.now)


def make_doorkeeper(collaborators: Collaborators) -> Doorkeeper:
    """Return who tells callers apart. One for a process: it counts failed attempts to sign in."""
    lifetime = collaborators.settings.api.cookie_hours * 3600
    return Doorkeeper(
        Accounts(collaborators.database),
        Passwords(collaborators.authenticators, collaborators.hash_password),
        Cookies(collaborators.cookie_key, lifetime),
        collaborators.now,
    )
