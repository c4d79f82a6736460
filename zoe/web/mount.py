"""Which page is where."""

from typing import Any

import zoe.web.cluster_pages as cluster
from zoe.api.application import App, create_app, make_doorkeeper
from zoe.api.collaborators import Collaborators
from zoe.api.identity import Doorkeeper
from zoe.api.pages import add_pages
from zoe.web import execution_pages, listing, shop_pages, sign_in, static_files
from zoe.web.site import Site, WebPage

ROUTES: dict[str, type[WebPage]] = {
    "/": listing.Home,
    "/signin": sign_in.SignIn,
    "/signout": sign_in.SignOut,
    "/shop": shop_pages.Shelves,
    "/shop/{key:path}": shop_pages.OneOffer,
    "/logo/{key:path}": shop_pages.Logo,
    "/executions": listing.Mine,
    "/executions/all": listing.Everybodys,
    "/executions/{execution_id:id}": execution_pages.OneExecution,
    "/executions/{execution_id:id}/opening": execution_pages.Opening,
    "/executions/{execution_id:id}/stop": execution_pages.Stop,
    "/executions/{execution_id:id}/extend": execution_pages.Extend,
    "/executions/{execution_id:id}/again": execution_pages.Again,
    "/executions/{execution_id:id}/forget": execution_pages.Forget,
    "/services/{service_id:id}/log": execution_pages.Log,
    "/cluster": cluster.Cluster,
    "/static/{name}": static_files.StaticFile,
}


def mount(app: App, collaborators: Collaborators, doorkeeper: Doorkeeper) -> None:
    """Add the pages to the application."""
    site = Site(collaborators.settings, collaborators.gateway)
    pages: dict[str, Any] = {path: kind(collaborators, doorkeeper, site) for path, kind in ROUTES.items()}
    add_pages(app, pages, pages["/"])


def create_site(collaborators: Collaborators) -> App:
    """Return the whole application: the REST API, and the pages beside it, behind one doorkeeper."""
    doorkeeper = make_doorkeeper(collaborators)
    app = create_app(collaborators, doorkeeper)
    mount(app, collaborators, doorkeeper)
    return app
