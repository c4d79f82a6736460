"""What all pages share: the templates, the headers that keep a page to itself, where the gateway is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from zoe.api.collaborators import Collaborators, Links
from zoe.api.identity import Doorkeeper
from zoe.api.operation import Call
from zoe.api.pages import Page, Shown
from zoe.config import Settings
from zoe.web import amounts, wording
from zoe.web.emblem import emblem

STATIC = Path(__file__).parent / "static"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' {streams}; "
    "form-action 'self' {pages}; base-uri 'none'; frame-ancestors 'none'"
)


def _version() -> str:
    digest = blake2b(digest_size=6)
    for path in sorted(STATIC.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _environment(prefix: str, deployment: str) -> Environment:
    made = Environment(
        loader=PackageLoader("zoe.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=wording.plain,
    )
    version = _version()
    made.filters |= {
        "rich": wording.rich,
        "moment": wording.moment,
        "stamp": wording.stamp,
        "duration": wording.duration,
        "status": wording.status,
        "size": amounts.size,
        "cores": amounts.cores,
    }
    made.globals |= {
        "link": lambda path: prefix + path,
        "static": lambda name: f"{prefix}/static/{name}?v={version}",
        "deployment": deployment,
        "emblem": emblem,
    }
    return made


@dataclass(frozen=True)
class Site:
    """The templates of one deployment, and where its gateway is; `links` is None where there is none."""

    settings: Settings
    links: Links | None = None
    templates: Environment = field(init=False)

    def __post_init__(self) -> None:
        made = _environment(self.prefix, self.settings.deployment_name)
        object.__setattr__(self, "templates", made)

    @property
    def prefix(self) -> str:
        """Under which path a reverse proxy shows Zoe."""
        return self.settings.api.url_prefix or ""

    def gateway(self, host: str) -> str:
        """Return where the gateway's streams are for who came by this Host; nothing where there is no gateway."""
        return self.links.origin(host, None) if self.links else ""

    def headers(self, host: str) -> dict[str, str]:
        """Return the headers of every page for who came by this Host."""
        streams = self.gateway(host)
        # Signing in may lead straight to a page of the gateway, which browsers count as the form's doing.
        pages = self.links.origin(host, "0").replace("://0.", "://*.") if self.links else ""
        return {
            "Content-Security-Policy": _POLICY.format(streams=streams, pages=pages),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cache-Control": "private, no-cache",
        }


class WebPage(Page):
    """A page of the site."""

    def __init__(self, collaborators: Collaborators, doorkeeper: Doorkeeper, site: Site) -> None:
        super().__init__(collaborators, doorkeeper)
        self.site = site

    def show(self, call: Call[Any], template: str, *, code: int = 200, **facts: Any) -> Shown:
        """Return a page made of a template, for who asks."""
        gateway = self.site.gateway(call.request.netloc)
        return self._made(template, code, facts | {"account": call.account, "gateway": gateway})

    def _made(self, template: str, code: int, facts: Mapping[str, Any]) -> Shown:
        made = self.site.templates.get_template(template)
        return Shown(made.render(here=template.removesuffix(".html"), **facts).encode(), code=code)

    def path(self, path: str) -> str:
        """Return the address of a path of ours, as browsers reach it."""
        return self.site.prefix + path

    def refusal(self, _req: object, code: int, message: str) -> Shown:
        """Return the page that tells what went wrong."""
        facts = {"message": message, "number": code, "account": None, "gateway": ""}
        return self._made("wrong.html", code, facts)

    def headers(self, req: Any) -> dict[str, str]:
        """Return the headers of every page."""
        return self.site.headers(req.netloc)
